"""What can be configured, and how a configuration comes together.

defaults < configuration file (TOML) < environment (`BATTUI_<SECTION>_<KEY>`) < flags. Every value is checked
against the type, the range and the choices that stand beside its default here; this file is the reference.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from battui.contracts.bridge_settings import BridgeSettings
from battui.contracts.errors import UsageError
from battui.contracts.observation_settings import LogSettings, MetricsSettings
from battui.contracts.setting_checks import bounds, checked, default_of, from_text
from battui.contracts.setting_checks import setting as _setting


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What generates text."""

    name: str = _setting("auto", "Which engine; auto takes the best that can run here.")
    model: str = _setting("", "Name of a model in the image; empty takes the first that the engine can load.")
    url: str = _setting("", "An OpenAI-compatible server; its key is in BATTUI_ENGINE_KEY.")
    threads: int = _setting(0, "Threads; 0 chooses well.", low=0, high=1024)
    parallel: int = _setting(4, "Texts generated at once.", low=1, high=64)
    context: int = _setting(4096, "Tokens of context per text.", low=256, high=1_048_576)
    kv: str = _setting("fp16", "How exllamav2 keeps its cache.", choices=("fp16", "q8", "q6", "q4"))
    adapters_mb: int = _setting(
        512, "MiB of adapters in the engine; others wait in RAM or in the image.", low=1, high=1_048_576
    )
    warm_mb: int = _setting(
        1024, "MiB of adapters kept ready in RAM, in the engine's own form.", low=1, high=1_048_576
    )


@dataclass(frozen=True, slots=True)
class CellSettings:
    """What learned code may use."""

    wall_s: float = _setting(2.0, "Seconds that one message may take.", low=0.05, high=600)
    cpu_s: int = _setting(2, "Seconds of processor time.", low=1, high=600)
    memory_mb: int = _setting(256, "Memory in MiB.", low=64, high=65_536)
    output_kb: int = _setting(
        1024, "Size in KiB of what one message may answer and change.", low=1, high=65_536
    )
    ahead: int = _setting(2, "Cells kept ready.", low=1, high=32)


@dataclass(frozen=True, slots=True)
class HeartbeatSettings:
    """When the image looks at its own history and proposes improvements."""

    enabled: bool = _setting(True, "Whether the heartbeat runs.")
    first_delay_s: float = _setting(30.0, "Seconds from the start to the first beat.", low=0, high=31_536_000)
    period_s: float = _setting(3600.0, "Seconds from beat to beat.", low=0.1, high=31_536_000)


@dataclass(frozen=True, slots=True)
class MissionSettings:
    """How a message that nobody understands is thought through."""

    candidates: int = _setting(4, "Candidates written at once.", low=1, high=64)
    attempts: int = _setting(2, "Rounds of candidates before a mission fails.", low=1, high=20)
    max_tokens: int = _setting(256, "Tokens per candidate.", low=16, high=8192)
    temperature: float = _setting(0.8, "How varied the candidates are; 0 is greedy.", low=0, high=2)
    timeout_s: float = _setting(300.0, "Seconds that a sender waits for a mission.", low=0.1, high=86_400)
    expert: str = _setting("jit", "The adapter that writes methods, where the model has it; empty: none.")
    approval: str = _setting(
        "terminal",
        "Install what passed (auto), or ask a person: always (ask), or where there is a terminal (terminal).",
        choices=("auto", "ask", "terminal"),
    )
    depth: str = _setting(
        "auto",
        "Whether the council meets: always, never (straight), or as the mission needs it (auto).",
        choices=("auto", "council", "straight"),
    )
    max_mission_tokens: int = _setting(
        32_768, "Tokens that one mission may have generated.", low=16, high=1_000_000_000
    )
    seconds: float = _setting(
        1800.0, "Seconds of thinking per mission; waiting does not count.", low=0.1, high=31_536_000
    )


@dataclass(frozen=True, slots=True)
class KernelSettings:
    """How the kernel queues and groups its work."""

    mailbox: int = _setting(256, "Commands that may wait; one more is told Busy.", low=1, high=1_000_000)
    group: int = _setting(64, "Messages that may share one commit.", low=1, high=10_000)
    event_memory: int = _setting(
        10_000, "Events remembered for those who join later.", low=1, high=10_000_000
    )


@dataclass(frozen=True, slots=True)
class CatalogSettings:
    """How what was indexed is searched."""

    embeddings: str = _setting(
        "", "An embedding model of the image that ranks beside the words; empty: words alone."
    )


@dataclass(frozen=True, slots=True)
class UiSettings:
    """How the terminal looks, and its keys: action id to key."""

    theme: str = _setting("battui-dark", "Colour theme.")
    keymap: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({}),
        metadata={"meaning": 'Keys by action, for example "app.quit" = "ctrl+x".'},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything configured. `image` is a folder or a zodburi; the four folders follow the XDG rules."""

    image: str
    data_dir: Path
    state_dir: Path
    cache_dir: Path
    config_dir: Path
    engine: EngineSettings = field(default_factory=EngineSettings)
    cell: CellSettings = field(default_factory=CellSettings)
    heartbeat: HeartbeatSettings = field(default_factory=HeartbeatSettings)
    mission: MissionSettings = field(default_factory=MissionSettings)
    kernel: KernelSettings = field(default_factory=KernelSettings)
    catalog: CatalogSettings = field(default_factory=CatalogSettings)
    ui: UiSettings = field(default_factory=UiSettings)
    log: LogSettings = field(default_factory=LogSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    bridge: BridgeSettings = field(default_factory=BridgeSettings)


SECTIONS: Mapping[str, type[Any]] = MappingProxyType(
    {
        "engine": EngineSettings,
        "cell": CellSettings,
        "heartbeat": HeartbeatSettings,
        "mission": MissionSettings,
        "kernel": KernelSettings,
        "catalog": CatalogSettings,
        "ui": UiSettings,
        "log": LogSettings,
        "metrics": MetricsSettings,
        "bridge": BridgeSettings,
    }
)
_IMAGE_MEANING = "The image: a folder, or a zodburi such as zeo://host:port."
_IMAGE: Field[Any] = _setting("", _IMAGE_MEANING)
_KEYS: Mapping[str, Field[Any]] = MappingProxyType(
    {"image": _IMAGE}
    | {f"{section}.{key.name}": key for section, kind in SECTIONS.items() for key in fields(kind)}
)
_VARIABLES: Mapping[str, str] = MappingProxyType(
    {f"BATTUI_{key.replace('.', '_').upper()}": key for key in _KEYS}
)
CONFIG_VARIABLE, KEY_VARIABLE = _NO_SETTINGS = "BATTUI_CONFIG", "BATTUI_ENGINE_KEY"  # the key is never shown


def load_settings(
    flags: Mapping[str, object], environ: Mapping[str, str], config_file: Path | None
) -> Settings:
    """Return the settings in force.

    `flags` maps dotted keys (`image`, `engine.name`) to values; None means that the flag was not given.
    Without `config_file` the user's own file is read if there is one. Raises UsageError that names the
    source, the key and what would be right.
    """
    folders = _folders(environ)
    values: dict[str, object] = {"image": str(folders["data_dir"] / "image")}
    for source in (
        _from_file(config_file, folders["config_dir"] / "config.toml"),
        _from_environment(environ),
        _from_flags(flags),
    ):
        values.update(source)
    sections: dict[str, Any] = {name: kind(**_section(values, name)) for name, kind in SECTIONS.items()}
    return Settings(image=_expanded(str(values["image"]), environ), **folders, **sections)


def config_path(environ: Mapping[str, str], config_file: Path | None = None) -> Path:
    """Where the configuration file is, or would be."""
    return config_file or _folders(environ)["config_dir"] / "config.toml"


def render_defaults() -> str:
    """The default configuration as TOML, each key with its meaning; loading it changes nothing."""
    lines = ["# battui's configuration: every key with its default.", "", f"# {_IMAGE_MEANING}"]
    lines.append('# image = "~/.local/share/battui/image"')
    for section, kind in SECTIONS.items():
        meaning = (kind.__doc__ or "").splitlines()[0]
        lines += ["", f"# {meaning}", f"[{section}]"]
        for key in fields(kind):
            lines += [f"# {key.metadata['meaning']}{bounds(key)}", f"{key.name} = {_rendered(key)}"]
    return "\n".join(lines) + "\n"


def _folders(environ: Mapping[str, str]) -> dict[str, Any]:
    home = Path(environ.get("HOME") or Path.home())
    roots = {
        "data_dir": ("XDG_DATA_HOME", ".local/share"),
        "state_dir": ("XDG_STATE_HOME", ".local/state"),
        "cache_dir": ("XDG_CACHE_HOME", ".cache"),
        "config_dir": ("XDG_CONFIG_HOME", ".config"),
    }
    return {
        name: _root(environ, variable, home / rest) / "battui" for name, (variable, rest) in roots.items()
    }


def _root(environ: Mapping[str, str], variable: str, otherwise: Path) -> Path:
    # The XDG rules: a path that is empty or not absolute counts as not set.
    given = Path(environ.get(variable, ""))
    return given if given.is_absolute() else otherwise


def _expanded(image: str, environ: Mapping[str, str]) -> str:
    home = environ.get("HOME") or str(Path.home())
    return home + image[1:] if image == "~" or image.startswith("~/") else image


def _section(values: Mapping[str, object], section: str) -> dict[str, object]:
    return {key.partition(".")[2]: value for key, value in values.items() if key.startswith(section + ".")}


def _from_file(given: Path | None, usual: Path) -> dict[str, object]:
    path = given or usual
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if given is None:
            return {}
        raise UsageError("there is no such file", about=str(path), remedy="Check --config.") from None
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", about=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        remedy = "`battui config default` prints a file that can be."
        raise UsageError(f"this is no TOML: {error}", about=str(path), remedy=remedy) from None
    return {key: checked(_KEYS[key], key, value, f"{path}: {key}") for key, value in _flat(table, str(path))}


def _flat(table: Mapping[str, object], where: str) -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if name not in SECTIONS:
            yield _known(name, (*SECTIONS, "image"), f"{where}: {name}", {"image"}), value
        elif isinstance(value, Mapping):
            names = tuple(key.name for key in fields(SECTIONS[name]))
            for key, inner in value.items():
                yield f"{name}.{_known(key, names, f'{where}: {name}.{key}')}", inner
        else:
            raise UsageError(
                "this is a section, not a key", about=f"{where}: {name}", remedy=f"Write [{name}]."
            )


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for variable in sorted(environ):
        if variable.startswith("BATTUI_") and variable not in _NO_SETTINGS:
            where = f"environment variable {variable}"
            key = _VARIABLES[_known(variable, (*_VARIABLES, *_NO_SETTINGS), where)]
            found[key] = checked(_KEYS[key], key, from_text(_KEYS[key], key, environ[variable], where), where)
    return found


def _from_flags(flags: Mapping[str, object]) -> dict[str, object]:
    given = {_known(key, tuple(_KEYS), f"flag {key}"): value for key, value in flags.items()}
    return {
        key: checked(_KEYS[key], key, value, f"flag {key}")
        for key, value in given.items()
        if value is not None
    }


def _known(name: str, valid: tuple[str, ...], where: str, accepted: set[str] | None = None) -> str:
    if name in (accepted or valid):
        return name
    near = difflib.get_close_matches(name, valid, n=1, cutoff=0.0)
    raise UsageError("there is no such setting", about=where, remedy=f"The nearest one is {near[0]}.")


def _rendered(key: Field[Any]) -> str:
    default = default_of(key)
    return "{}" if isinstance(default, Mapping) else json.dumps(default)
