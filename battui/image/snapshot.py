"""The image as it stood at one moment, read object by object: what cells load from."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import transaction
from ZODB.POSException import ReadConflictError

from battui.contracts.activation import ObjectState
from battui.contracts.errors import NotStorable, UnknownObject
from battui.contracts.values import Ref, Value, is_parent_slot
from battui.image.image import Image
from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.primitive import Primitive
from battui.image.world import World, oid_of, wire


class Snapshot:
    """A read-only view; later commits do not show in it. Implements contracts.activation.ObjectSource."""

    def __init__(self, image: Image) -> None:
        self._manager = transaction.TransactionManager(explicit=True)
        self._connection: Any = image.database.open(self._manager)
        self._manager.begin()
        self.world = World(self._connection)

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._manager.abort()
        self._connection.close()

    async def load(self, oid: int) -> ObjectState | None:
        """The object's own slots as values; those that cannot travel (blobs, trees) are left out."""
        try:
            return object_state(self.world.object_at(oid))
        except (UnknownObject, ReadConflictError):
            # The latter is how ZODB tells of an object that was made after this moment.
            return None


def object_state(target: UvmObject) -> ObjectState:
    """Sort an object's own slots into data, parents, methods and primitives."""
    slots: dict[str, Value] = {}
    parents: dict[str, tuple[Ref, ...]] = {}
    methods = {}
    primitives = set()
    for name, value in target._slots.items():
        if is_parent_slot(name):
            parents[name] = tuple(Ref(oid_of(parent)) for parent in _objects(value))
        elif isinstance(value, Method):
            methods[name] = value.text
        elif isinstance(value, Primitive):
            primitives.add(name)
        elif (travelling := _travelling(value)) is not None:
            slots[name] = travelling[0]
    return ObjectState(oid_of(target), target._p_serial, slots, parents, methods, frozenset(primitives))


def _objects(value: object) -> list[UvmObject]:
    listed = value if isinstance(value, list | tuple) else [value]
    return [item for item in listed if isinstance(item, UvmObject)]


def _travelling(value: object) -> tuple[Value] | None:
    try:
        return (wire(value),)
    except NotStorable:
        return None
