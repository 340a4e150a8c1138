"""What a learned method may use besides its parameters and locals; read from `offered.toml`.

The guardian refuses every other name, and the cell puts exactly these names into a method's namespace.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class MethodLimits:
    """How large one method may be: text, tree, nesting, and the constants in it."""

    characters: int
    lines: int
    nodes: int
    expression_depth: int
    block_depth: int
    string_characters: int
    integer_digits: int
    power: int
    repeat: int
    expectation_characters: int


@dataclass(frozen=True, slots=True)
class Offered:
    """The names a method may use: plain builtins, exception classes, and facades with their attributes.

    `ruleset` is the version that certificates carry.
    """

    ruleset: str
    builtins: frozenset[str]
    exceptions: frozenset[str]
    facades: Mapping[str, frozenset[str]]
    limits: MethodLimits

    @property
    def names(self) -> frozenset[str]:
        """Every global name that a method may read."""
        return self.builtins | self.exceptions | frozenset(self.facades)


@cache
def offered() -> Offered:
    """The names and limits of this version of battui."""
    table = tomllib.loads((files("battui.contracts") / "offered.toml").read_text(encoding="utf-8"))
    return Offered(
        ruleset=table["ruleset"],
        builtins=frozenset(table["builtins"]),
        exceptions=frozenset(table["exceptions"]),
        facades=MappingProxyType({name: frozenset(allowed) for name, allowed in table["facades"].items()}),
        limits=MethodLimits(**table["limits"]),
    )
