"""The checks of `battui doctor`. None of them changes anything: no image is made, no model loaded."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from battui import __version__
from battui.cell import sandbox
from battui.contracts.errors import BattuiError, ImageInUse, UnknownObject
from battui.contracts.settings import Settings
from battui.engines import choice
from battui.image.image import Image
from battui.image.models import ModelRecord, list_models

LIBRARIES = ("trio", "textual", "ZODB", "libcst", "pyzmq", "ormsgpack", "zope.index", "xllamacpp", "pip")
OPTIONAL = ("exllamav2", "torch", "ZEO", "RelStorage", "zodburi")
PULL = "battui model pull smollm2-135m"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `missing` is something that battui can do without, `broken` is not."""

    name: str
    state: Literal["ok", "missing", "broken"]
    detail: str
    remedy: str = ""


def examine(settings: Settings, config: Path) -> Iterator[Finding]:
    """Yield the findings, each as soon as it is known."""
    yield Finding(
        "battui", "ok", f"{__version__} on Python {platform.python_version()}, {platform.platform()}"
    )
    yield from _libraries()
    there = "" if config.is_file() else " (not there: defaults are in force)"
    yield Finding("config", "ok", f"{config}{there}")
    yield from _image(settings)
    yield from _engines()
    yield from _sandbox()


def _libraries() -> Iterator[Finding]:
    found = {name: _version(name) for name in LIBRARIES + OPTIONAL}
    yield Finding(
        "libraries", "ok", ", ".join(f"{name} {number}" for name, number in found.items() if number)
    )
    if absent := [name for name in LIBRARIES if not found[name]]:
        remedy = "Install battui again: pip install --upgrade battui"
        yield Finding("libraries", "broken", f"absent: {', '.join(absent)}", remedy)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _image(settings: Settings) -> Iterator[Finding]:
    try:
        with Image.open(settings.image, create=False) as image:
            models = list_models(image)
    except UnknownObject:
        yield Finding("image", "ok", f"{settings.image} (not there yet: the first start makes it)")
        yield Finding("model", "missing", "no model: nothing can be learned without one", PULL)
    except ImageInUse:
        yield Finding("image", "ok", f"{settings.image} is open in another process")
    except BattuiError as error:
        yield Finding("image", "broken", f"{error.about}: {error.what}", error.remedy)
    else:
        yield Finding("image", "ok", settings.image)
        yield _model(models)


def _model(models: tuple[ModelRecord, ...]) -> Finding:
    if not models:
        return Finding("model", "missing", "no model: nothing can be learned without one", PULL)
    return Finding("model", "ok", ", ".join(f"{model.name} ({model.bytes >> 20} MiB)" for model in models))


def _engines() -> Iterator[Finding]:
    for engine in choice.probe():
        title = f"{engine.name} {engine.version}".strip()
        yield Finding(
            "engine", "ok" if engine.usable else "missing", f"{title}: {engine.detail}", engine.remedy
        )


def _sandbox() -> Iterator[Finding]:
    report = sandbox.probe()
    seals = [f"Landlock {report.landlock_abi}"] if report.landlock_abi else []
    seals += [name for name, there in _seals(report) if there]
    state: Literal["ok", "broken"] = "ok" if report.sealed else "broken"
    yield Finding("sandbox", state, ", ".join(seals))
    for sentence in report.absent:
        yield Finding("sandbox", "missing", sentence)


def _seals(report: sandbox.SandboxReport) -> tuple[tuple[str, bool], ...]:
    return (
        ("seccomp", report.seccomp),
        ("resource limits", report.rlimits),
        (f"a user of its own ({report.uid})", report.own_uid),
        ("an empty network", report.own_network),
    )
