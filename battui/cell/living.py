"""Objects of the image as learned code sees them: attributes are slots, calls are messages."""

from __future__ import annotations

from typing import Protocol, cast

SIGNAL = "_p_changed"


class Behaviour(Protocol):
    """What stands behind living objects: reads, writes and signals by oid."""

    def read(self, oid: int, name: str) -> object:
        """The value of a slot, or a method ready to be called."""

    def write(self, oid: int, name: str, value: object) -> None:
        """Put a value into an own slot."""

    def remove(self, oid: int, name: str) -> None:
        """Remove an own slot."""

    def signal(self, oid: int) -> None:
        """Note that the object's state has changed."""

    def signalled(self, oid: int) -> bool:
        """Whether `signal` was called for the object."""


class Living:
    """One object. There is one instance per object and activation, so identity is equality.

    Names that start with an underscore are out of reach, but for the covenant's signal.
    """

    __slots__ = ("_behaviour", "_oid")

    def __init__(self, oid: int, behaviour: Behaviour) -> None:
        object.__setattr__(self, "_oid", oid)
        object.__setattr__(self, "_behaviour", behaviour)

    def __getattribute__(self, name: str) -> object:
        oid, behaviour = _inside(self)
        if name == SIGNAL:
            return behaviour.signalled(oid)
        if name.startswith("_"):
            raise AttributeError(f"{self!r} keeps {name!r} to itself: names with an underscore are reserved")
        return behaviour.read(oid, name)

    def __setattr__(self, name: str, value: object) -> None:
        oid, behaviour = _inside(self)
        if name == SIGNAL:
            if value is not True:
                raise AttributeError(f"{SIGNAL} can only be set to True")
            behaviour.signal(oid)
        else:
            behaviour.write(oid, name, value)

    def __delattr__(self, name: str) -> None:
        oid, behaviour = _inside(self)
        behaviour.remove(oid, name)

    def __repr__(self) -> str:
        return f"<object {label(oid_of(self))}>"


def oid_of(living: Living) -> int:
    """The oid behind a living object; negative for one made in this activation."""
    return cast("int", object.__getattribute__(living, "_oid"))


def label(oid: int) -> str:
    """How an object is named in messages."""
    return f"@{oid:x}" if oid > 0 else f"new object {-oid}"


def _inside(living: Living) -> tuple[int, Behaviour]:
    behaviour = object.__getattribute__(living, "_behaviour")
    return oid_of(living), cast("Behaviour", behaviour)
