"""The particle of the image: an object of named slots, without a class of its own."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ZODB.POSException import ConflictError

from battui.contracts.values import is_parent_slot
from battui.image import lookup, touched
from battui.image.method import Method
from battui.image.primitive import Primitive
from battui.image.slots import Slotted

_ABSENT = object()


class UvmObject(Slotted):
    """Named slots; what an object does not have it delegates to the objects in its parent slots.

    A slot is an entry of the object's own `__dict__`, so that one object is one record and ZODB sees every
    assignment by itself. Changes *inside* a plain list or dictionary are not seen: that is what the covenant
    (`self._p_changed = True`) is for. Behaviour is a slot that holds a Method or a Primitive.
    """

    def __init__(self, slots: Mapping[str, object] | None = None, /, **named: object) -> None:
        for name, value in {**(slots or {}), **named}.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        if name[:3] == "_p_":
            super().__setattr__(name, value)
            if name == "_p_changed" and value:
                touched.note(self)
                # What is signalled may be a change inside a list of parents.
                lookup.forget(self._p_jar)
            return
        self._p_activate()
        before = self.__dict__.get(name, _ABSENT)
        super().__setattr__(name, value)
        touched.note(self)
        if before is _ABSENT or is_parent_slot(name) or _is_behaviour(before) or _is_behaviour(value):
            lookup.forget(self._p_jar)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name[:3] != "_p_":
            touched.note(self)
        lookup.forget(self._p_jar)

    def __getattr__(self, name: str) -> Any:
        # Dunder and _p_ names must fail fast: copy, pickle and ZODB probe for them.
        if name[:2] == "__" or name[:3] == "_p_":
            raise AttributeError(name)
        match lookup.find(self, name):
            case lookup.Found(value=value):
                return value
        raise AttributeError(f"{self!r} has no slot {name!r}")

    def _p_invalidate(self) -> None:
        """Called when another connection, an abort or a rollback takes this state away."""
        jar = self._p_jar
        super()._p_invalidate()
        lookup.forget(jar)

    def __deepcopy__(self, memo: dict[int, Any]) -> UvmObject:
        """Copy data deeply, objects in data slots and cycles included; share parents and behaviour."""
        twin = type(self)()
        memo[id(self)] = twin
        for name, value in self._slots.items():
            shared = is_parent_slot(name) or not _is_copied(value)
            setattr(twin, name, value if shared else copy.deepcopy(value, memo))
        return twin

    def _p_resolveConflict(
        self, old: dict[str, Any] | None, saved: dict[str, Any] | None, new: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Merge two changes of different slots; the same slot changed differently is a conflict.

        ZODB hands over states, not objects: `old` is what both started from, `saved` what is committed, `new` what
        is to be.
        """
        old, merged, new = old or {}, dict(saved or {}), new or {}
        for name in old.keys() | new.keys():
            before, after = old.get(name, _ABSENT), new.get(name, _ABSENT)
            if _same(before, after):
                continue
            theirs = merged.get(name, _ABSENT)
            if not (_same(before, theirs) or _same(after, theirs)):
                raise ConflictError
            if after is _ABSENT:
                merged.pop(name, None)
            else:
                merged[name] = after
        return merged


def clone_of(origin: UvmObject, slots: Mapping[str, object] | None = None) -> UvmObject:
    """Return a copy of `origin` with `slots` put over it; see `UvmObject.__deepcopy__`.

    A function and not a method: `clone` is a name that a slot may have, and that slot is what a message finds.
    """
    twin = copy.deepcopy(origin)
    for name, value in (slots or {}).items():
        setattr(twin, name, value)
    return twin


def _is_behaviour(value: object) -> bool:
    return isinstance(value, Method | Primitive)


def _is_copied(value: object) -> bool:
    """Plain containers and objects are copied; methods, blobs and trees are shared."""
    return isinstance(value, list | dict | UvmObject)


def _same(left: object, right: object) -> bool:
    try:
        return left is right or bool(left == right)
    except ValueError:
        # References to objects in other databases cannot be compared.
        return False
