"""Putting the checked change set of a cell into the image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from battui.contracts.activation import ChangeSet, NewObject
from battui.contracts.errors import Conflict
from battui.contracts.values import Ref, Value
from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.primitive import Primitive
from battui.image.touched import is_touched
from battui.image.world import World


def apply_changes(world: World, changes: ChangeSet) -> dict[int, UvmObject]:
    """Apply `changes` in the caller's transaction; return the new objects by their temporary oids.

    Raises Conflict where an object has changed since the cell read it: the activation has to be done again on what
    stands there now.
    """
    created = {new.oid: world.store(UvmObject()) for new in changes.created}
    for new in changes.created:
        _share_behaviour(world, new, created)
        _put(world, created[new.oid], new.slots, created)
        for name, parents in new.parents.items():
            setattr(created[new.oid], name, [_target(world, parent, created) for parent in parents])
    for change in changes.changes:
        target = world.object_at(change.oid)
        target._p_activate()
        if target._p_serial != change.serial or is_touched(target):
            raise Conflict("it has changed since it was read", about=str(Ref(change.oid)))
        _put(world, target, change.put, created)
        for name in change.removed:
            delattr(target, name)
        target._p_changed = True
    return created


def stored_result(world: World, value: Value, created: Mapping[int, UvmObject]) -> Any:
    """A cell's result as a slot or binding holds it."""
    if isinstance(value, Ref):
        return _target(world, value, created)
    if isinstance(value, list):
        return [stored_result(world, item, created) for item in value]
    if isinstance(value, dict):
        return {key: stored_result(world, item, created) for key, item in value.items()}
    return value


def _share_behaviour(world: World, new: NewObject, created: Mapping[int, UvmObject]) -> None:
    """A clone shares methods and primitives with what it was cloned from; its data come with the change set."""
    if new.cloned_from is not None:
        for name, value in _target(world, Ref(new.cloned_from), created)._slots.items():
            if isinstance(value, Method | Primitive):
                setattr(created[new.oid], name, value)


def _put(
    world: World, target: UvmObject, slots: Mapping[str, Value], created: Mapping[int, UvmObject]
) -> None:
    for name, value in slots.items():
        setattr(target, name, stored_result(world, value, created))


def _target(world: World, ref: Ref, created: Mapping[int, UvmObject]) -> UvmObject:
    return created[ref.oid] if ref.oid < 0 else world.object_at(ref.oid)
