"""The models that battui knows how to get, read from `models.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from battui.contracts.errors import UsageError
from battui.contracts.resources import folder


@dataclass(frozen=True, slots=True)
class WheelMember:
    """A file inside a wheel of a package index: the requirement that pip resolves, and what must come of it."""

    requirement: str
    wheel: str
    sha256: str
    member: str


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One model: what it is, under which licence, how large in bytes, with which hash, and where it comes from."""

    name: str
    title: str
    family: str
    format: str
    licence: str
    context: int
    purpose: str
    file: str
    bytes: int
    sha256: str
    source: WheelMember


@cache
def known_models() -> Mapping[str, KnownModel]:
    """Every known model by name, the bundled one first."""
    table = tomllib.loads((folder("models") / "models.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: _model(name, entry) for name, entry in table.items()})


def known_model(name: str) -> KnownModel:
    """The model `name`; raises UsageError that lists the known names."""
    try:
        return known_models()[name]
    except KeyError:
        names = ", ".join(known_models())
        remedy = f"Known are: {names}. A file of your own is added with `battui model add PATH`."
        raise UsageError("battui knows no such model", about=name, remedy=remedy) from None


def _model(name: str, entry: Mapping[str, object]) -> KnownModel:
    fields = dict(entry)
    source = fields.pop("source")
    assert isinstance(source, dict)
    if source.pop("kind") != "wheel":
        raise UsageError("this kind of source is not known", about=f"models.toml: {name}")
    return KnownModel(name=name, source=WheelMember(**source), **fields)  # type: ignore[arg-type]
