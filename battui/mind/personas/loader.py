"""Reads personas from TOML files, one a file; users add theirs beside the shipped ones."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from battui.contracts.errors import UsageError
from battui.contracts.generation import Sampling
from battui.mind.briefs import Persona, Pillar

_SAMPLING = {field.name: type(field.default) for field in fields(Sampling)}


def shipped_personas() -> Mapping[str, Persona]:
    """Return the personas that battui ships, by name."""
    with as_file(files("battui.mind.personas")) as folder:
        return load_personas(folder)


def load_personas(folder: Path) -> Mapping[str, Persona]:
    """Return the personas of all `*.toml` files in `folder`, by name; none where there is no such folder.

    Raises UsageError that names the file and the field: text that is no TOML, a missing or unknown field, a
    value of the wrong type, or a name that two files give.
    """
    found: dict[str, Persona] = {}
    for path in sorted(folder.glob("*.toml")):
        persona = read_persona(path)
        if persona.name in found:
            raise _unreadable(str(path), f"another file already describes {persona.name}")
        found[persona.name] = persona
    return MappingProxyType(found)


def read_persona(path: Path) -> Persona:
    """Return the persona that one file describes; raises UsageError as `load_personas` does."""
    return persona_from(_table(path), str(path))


def persona_from(table: Mapping[str, Any], path: str) -> Persona:
    """Return the persona of a table in the form of a file; `path` is where it stands, for UsageError."""
    _known(table, {"name", "title", "system_prompt", "adapter", "sampling", "pillars"}, path)
    pillars = _section(table, "pillars", path)
    return Persona(
        name=_name(_text(table, "name", path), path),
        title=_text(table, "title", path),
        system_prompt=_text(table, "system_prompt", path),
        adapter=_text(table, "adapter", path) if "adapter" in table else None,
        sampling=_sampling(_section(table, "sampling", path), path),
        pillars={name: _pillar(name, pillars, path) for name in pillars},
    )


def persona_as_table(persona: Persona) -> dict[str, Any]:
    """The persona as plain values, in the form of its file."""
    pillars = {
        name: {"intent": pillar.intent, "system_prompt": pillar.system_prompt}
        for name, pillar in persona.pillars.items()
    }
    return {
        "name": persona.name,
        "title": persona.title,
        "system_prompt": persona.system_prompt,
        "adapter": persona.adapter,
        "sampling": asdict(persona.sampling),
        "pillars": pillars,
    }


def persona_as_toml(persona: Persona) -> str:
    """The persona as a file that `read_persona` reads."""
    table = persona_as_table(persona)
    texts = [
        f"{key} = {_quoted(table[key])}"
        for key in ("name", "title", "system_prompt", "adapter")
        if table[key]
    ]
    lines = [*texts, "", "[sampling]", *(f"{key} = {value}" for key, value in table["sampling"].items())]
    for name, pillar in table["pillars"].items():
        lines += ["", f"[pillars.{name}]", *(f"{key} = {_quoted(text)}" for key, text in pillar.items())]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    # JSON spells a text as TOML does, but for one character that both know by its number.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unreadable(str(path), str(error)) from error


def _pillar(name: str, pillars: Mapping[str, Any], path: str) -> Pillar:
    table = _section(pillars, name, path)
    _known(table, {"intent", "system_prompt"}, path)
    return Pillar(_name(name, path), _text(table, "intent", path), _text(table, "system_prompt", path))


def _sampling(table: Mapping[str, Any], path: str) -> Sampling:
    _known(table, set(_SAMPLING), path)
    for name, value in table.items():
        allowed = (int, float) if _SAMPLING[name] is float else (int,)
        if isinstance(value, bool) or not isinstance(value, allowed) or value < 0:
            raise _unreadable(path, f"`sampling.{name}` must be a number of at least 0, not {value!r}")
    return Sampling(**table)


def _section(table: Mapping[str, Any], field: str, path: str) -> Mapping[str, Any]:
    section = table.get(field, {})
    if not isinstance(section, dict):
        raise _unreadable(path, f"`{field}` must be a table")
    return section


def _text(table: Mapping[str, Any], field: str, path: str) -> str:
    value = table.get(field)
    if not isinstance(value, str) or not value.strip():
        raise _unreadable(path, f"`{field}` must be a text that is not empty")
    return " ".join(value.split())


def _name(name: str, path: str) -> str:
    if not name.isidentifier():
        raise _unreadable(path, f"{name!r} is no name: use letters, digits and underscores")
    return name


def _known(table: Mapping[str, Any], fields: set[str], path: str) -> None:
    for field in table:
        if field not in fields:
            raise _unreadable(path, f"`{field}` is unknown here; known are {', '.join(sorted(fields))}")


def _unreadable(path: str, what: str) -> UsageError:
    return UsageError(what, about=path, remedy="Correct the persona file, or take it away.")
