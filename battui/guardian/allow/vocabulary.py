"""The allow-list's words, read from `allow.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Kinds of nodes that are allowed, attributes and names that never are, and what to write instead."""

    nodes: frozenset[str]
    denied_attributes: frozenset[str]
    reflective: frozenset[str]
    remedies: Mapping[str, str]


@cache
def vocabulary() -> Vocabulary:
    """The words of this version."""
    table = tomllib.loads((files("battui.guardian.allow") / "allow.toml").read_text(encoding="utf-8"))
    return Vocabulary(
        nodes=frozenset(name for group in table["nodes"].values() for name in group),
        denied_attributes=frozenset(table["attributes"]["denied"]),
        reflective=frozenset(table["names"]["reflective"]),
        remedies=table["remedies"],
    )
