"""Every learned method that an image holds, wherever it stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from BTrees.OOBTree import OOBTree
from persistent.list import PersistentList

from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.world import World


def learned_methods(world: World) -> Iterator[tuple[str, str, Method]]:
    """Yield (name of the holder, slot, method) for all that can be reached from the lobby and the root.

    Parents, data slots, containers in them and missions are followed, each object once. A method that clones
    share is yielded once, for the holder that is met first. An object without a name of its own goes by its oid.
    An image may hold more than memory does: an object is let go as soon as it has been looked at.
    """
    names = names_of(world)
    met: set[bytes] = set()
    for holder in objects_of(world):
        name = names.get(holder._p_oid) or repr(holder)
        for slot, value in list(holder._slots.items()):
            if isinstance(value, Method) and value._p_oid not in met:
                met.add(value._p_oid)
                yield name, slot, value
                value._p_deactivate()
        holder._p_deactivate()


def objects_of(world: World) -> Iterator[UvmObject]:
    """What users have bound first, then what that leads to, then the image's own objects.

    Who looks at many of them lets each one go again: `_p_deactivate`.
    """
    seen: set[bytes] = set()
    waiting: list[Any] = [*reversed(list(world.root.values())), world.lobby]
    while waiting:
        current = waiting.pop()
        if isinstance(current, UvmObject | OOBTree):
            if current._p_oid in seen:
                continue
            seen.add(current._p_oid)
        if isinstance(current, UvmObject):
            waiting.extend(_worth_a_look(current._slots.values()))
            yield current
        elif isinstance(current, OOBTree | Mapping):
            waiting.extend(_worth_a_look(current.values()))
        elif isinstance(current, list | tuple | PersistentList):
            waiting.extend(_worth_a_look(current))


def _worth_a_look(values: Collection[Any]) -> list[Any]:
    """What may lead to objects, the last first, so that the first is met first."""
    kinds = (UvmObject, OOBTree, Mapping, list, tuple, PersistentList)
    return [value for value in values if isinstance(value, kinds)][::-1]


def names_of(world: World) -> dict[bytes, str]:
    """What people call the objects that have a name, by oid."""
    bound = ((str(name), value) for name, value in world.lobby.items() if isinstance(value, UvmObject))
    names: dict[bytes, str] = {}
    for name, value in (*world.system_objects(), *bound):
        names.setdefault(value._p_oid, name)
    return names
