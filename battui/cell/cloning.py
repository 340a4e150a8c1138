"""Clones as the image makes them: data deeply copied, the objects in it included; parents and methods shared."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from battui.cell.living import Living
from battui.cell.record import Record
from battui.cell.release import release
from battui.cell.world import World, check_data_slot
from battui.contracts.values import Ref, Value


def clone(world: World, receiver: int, slots: Mapping[str, object]) -> Living:
    """A new object like the receiver, with `slots` in the place of what it would have copied."""
    return Cloning(world).clone(receiver, slots)


class Cloning:
    """One clone and everything that has to be copied for it; cycles close among the copies."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._twins: dict[int, Living] = {}
        self._waiting: list[tuple[Record, Record]] = []

    def clone(self, receiver: int, slots: Mapping[str, object]) -> Living:
        """Copy the receiver, then whatever its copy refers to, one object after the other."""
        for name in slots:
            check_data_slot(self._world.record(receiver), name)
        given = {name: self._world.admit(release(value, about=name)) for name, value in slots.items()}
        twin = self._twin(receiver)
        origin, copy = self._waiting.pop()
        self._fill(origin, copy, without=given.keys())
        copy.live.update(given)
        while self._waiting:
            self._fill(*self._waiting.pop())
        return twin

    def _twin(self, oid: int) -> Living:
        if oid not in self._twins:
            origin = self._world.record(oid)
            copy = Record(
                oid=0,
                parents=origin.parents,
                methods=origin.methods,
                primitives=origin.primitives,
                cloned_from=origin.oid if origin.oid > 0 else origin.cloned_from,
            )
            self._twins[oid] = self._world.create(copy)
            self._waiting.append((origin, copy))
        return self._twins[oid]

    def _fill(self, origin: Record, copy: Record, without: Collection[str] = ()) -> None:
        for name in origin.slot_names():
            if name not in without:
                value = release(self._world.value(origin, name), about=name)
                copy.put(name, self._copied(value))

    def _copied(self, value: Value) -> object:
        if isinstance(value, Ref):
            return self._twin(value.oid)
        if isinstance(value, list):
            return [self._copied(item) for item in value]
        if isinstance(value, dict):
            return {key: self._copied(item) for key, item in value.items()}
        return value
