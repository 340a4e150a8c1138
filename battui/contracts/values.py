"""What slots hold and messages carry: JSON-able values and references to objects."""

from __future__ import annotations

import keyword
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from battui.contracts.errors import NotASelector, NotStorable

MAX_DEPTH = 32
MAX_SELECTOR = 80


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A reference to an object: its oid as a number, zero never being an object's."""

    oid: int

    def __str__(self) -> str:
        return f"@{self.oid:x}"


Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | Ref | None"


def storable(value: object, *, about: str = "", depth: int = 0) -> Value:
    """Return `value` as a fresh storable value; tuples become lists.

    Raises NotStorable for anything that is neither JSON-able nor a reference, for keys that are no
    strings, for numbers that JSON has no word for, and for nesting (or cycles) beyond MAX_DEPTH.
    """
    if depth > MAX_DEPTH:
        raise NotStorable(
            f"the value is nested deeper than {MAX_DEPTH} levels, or contains itself",
            about=about,
            remedy="Split it over several objects.",
        )
    if value is None or isinstance(value, bool | str | Ref):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotStorable(
                f"{value} is no number that can be kept", about=about, remedy="Use None instead."
            )
        return float(value)
    if isinstance(value, list | tuple):
        return [storable(item, about=about, depth=depth + 1) for item in value]
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise NotStorable(
                    f"the dictionary key {key!r} is no string", about=about, remedy="Use strings as keys."
                )
        return {key: storable(item, about=about, depth=depth + 1) for key, item in value.items()}
    raise NotStorable(
        f"a value of type {type(value).__name__} cannot be kept in a slot",
        about=about,
        remedy="Use numbers, text, lists, dictionaries, True, False, None or objects.",
    )


def is_parent_slot(name: str) -> bool:
    """A slot whose name ends in `*` delegates what its object does not have."""
    return name.endswith("*")


def check_name(name: str) -> str:
    """Return `name` if it can name a slot or a message, else raise NotASelector.

    Underscore names belong to battui itself, and Python's keywords could never be sent.
    """
    bare = name.removesuffix("*")
    if not bare.isidentifier() or keyword.iskeyword(bare) or len(name) > MAX_SELECTOR:
        raise NotASelector(
            "this is no name for a slot or a message",
            about=repr(name),
            remedy="Use a letter, then letters, digits and underscores, at most 80, and no Python keyword.",
        )
    if name.startswith("_"):
        raise NotASelector(
            "names that start with an underscore are reserved",
            about=repr(name),
            remedy="Choose a name that starts with a letter.",
        )
    return name
