"""Which values a name or an expression may stand for, as far as the covenant cares.

A value is seen as the set of *places* it may come from. A place names the value itself (`self.rows[0]`) and the
object whose state it is part of (`self`), the *owner*. A fresh copy is a *shell* around places: to sort it changes
nothing, to change what is in it does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

NONE, FALSE, TRUE = 1, 2, 4
ANY = NONE | FALSE | TRUE
MAX_STEPS = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value may come from.

    `owner` is the path of the object whose state it is part of (empty: of none) and `slot` the owner's slot it was
    reached through; `shell` counts the fresh containers around it; `method` is set on a bound in-place method.
    """

    path: str
    owner: str = ""
    slot: str = ""
    shell: int = 0
    method: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression may evaluate to: places, local functions, and whether it may be None, false or true."""

    places: frozenset[Place] = frozenset()
    truth: int = ANY
    routines: frozenset[int] = frozenset()

    def __or__(self, other: Value) -> Value:
        if self == other:
            return self
        return Value(self.places | other.places, self.truth | other.truth, self.routines | other.routines)

    @property
    def in_reach(self) -> Value:
        """The same without a word on its truth."""
        return replace(self, truth=ANY)


PLAIN = Value()


def joined(values: list[Value]) -> Value:
    """What may be any of `values`; nothing known where there are none."""
    if not values:
        return PLAIN
    result = values[0]
    for value in values[1:]:
        result = result | value
    return result


def root(path: str, truth: int = ANY) -> Value:
    """An object that is reached by no slot: `self`, a parameter, an answer to a message."""
    return Value(frozenset({Place(path)}), truth)


def attribute(value: Value, name: str) -> Value:
    """What `value.name` may be: part of the object that `value` is."""
    if name.startswith(("_v_", "_p_")) or name in ("__class__", "__parent__"):
        return PLAIN
    return Value(
        frozenset(
            Place(_longer(place.path, f".{name}"), owner=place.path, slot=name)
            for place in value.places
            if not place.shell and not place.method
        )
    )


def member(value: Value, key: str = "") -> Value:
    """What `value[key]`, or one step of a loop over `value`, may be."""
    return Value(
        frozenset(_member(place, key) for place in value.places if not place.method), ANY, value.routines
    )


def _member(place: Place, key: str) -> Place:
    if place.shell:
        return replace(place, shell=place.shell - 1)
    return replace(place, path=_longer(place.path, f"[{key}]"))


def taken(value: Value) -> Value:
    """A member that left its container: no part of the owner's state any more, but perhaps an object.

    What left a fresh container is still part of what it was before.
    """
    out = {place if place.shell else replace(place, owner="", slot="") for place in value.places}
    return replace(member(Value(frozenset(out))), routines=frozenset())


def shelled(value: Value, layers: int = 1, truth: int = ANY) -> Value:
    """A fresh container, `layers` deep, of `value`."""
    places = frozenset(replace(place, shell=min(place.shell + layers, 4)) for place in value.places)
    return Value(places, truth, value.routines)


def copied(value: Value) -> Value:
    """A shallow copy of the container `value`."""
    return shelled(member(value))


def _longer(path: str, step: str) -> str:
    if path.endswith("*"):
        return path
    if path.count(".") + path.count("[") >= MAX_STEPS:
        return path + "*"
    return path + step


def is_answer(path: str) -> bool:
    """Whether a path begins with the answer to a message or to an unknown function."""
    return "()#" in path


def is_stable(path: str) -> bool:
    """Whether a path names the same object each time it is evaluated: dotted names only."""
    return not any(mark in path for mark in "[(*")
