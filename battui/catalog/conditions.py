"""Conditions on metadata: `kind=markdown`, `year=1990..2000`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from battui.contracts.errors import UsageError
from battui.contracts.values import Value

Metadata: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Condition:
    """`name` holds `word`, or a number from `lowest` to `highest`."""

    name: str
    word: str
    lowest: float | None = None
    highest: float | None = None

    def holds_for(self, metadata: Metadata) -> bool:
        """Whether these metadata fulfil it."""
        value = metadata.get(self.name)
        if self.word in words_in(value):
            return True
        if self.lowest is None or self.highest is None:
            return False
        return any(self.lowest <= number <= self.highest for number in numbers_in(value))


def condition(text: str) -> Condition:
    """Read `name=value` or `name=lowest..highest`; raises UsageError."""
    name, equals, value = text.partition("=")
    if not (equals and name.strip() and value.strip()):
        raise UsageError("this is no condition", about=text, remedy="Write key=value, or key=10..20.")
    word = value.strip()
    lowest, dots, highest = word.partition("..")
    try:
        bounds = (float(lowest), float(highest if dots else lowest))
    except ValueError:
        return Condition(name.strip(), word.lower())
    return Condition(name.strip(), word.lower(), *bounds)


def words_in(value: Value) -> list[str]:
    """The words that a metadata value stands for, in lower case."""
    if isinstance(value, str):
        return [value.lower()]
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, list):
        return [item.lower() for item in value if isinstance(item, str)]
    return []


def numbers_in(value: Value) -> list[float]:
    """The number that a metadata value is, if it is one."""
    return [float(value)] if isinstance(value, int | float) and not isinstance(value, bool) else []
