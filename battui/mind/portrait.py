"""An object as a mind sees it: the data it can reach, and the messages that its chain understands."""

from __future__ import annotations

from collections.abc import Mapping

from battui.contracts.errors import NotStorable
from battui.contracts.values import Value, is_parent_slot
from battui.image.lookup import chain
from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.primitive import Primitive
from battui.image.world import is_system_object, wire


def data_slots(target: UvmObject) -> Mapping[str, Value]:
    """The data slots along the chain, the receiver's own first.

    What cannot travel is left out, and so is what the image's own objects keep for themselves.
    """
    found: dict[str, Value] = {}
    for holder in chain(target):
        if holder is not target and is_system_object(holder):
            continue
        for name, value in holder._slots.items():
            if name in found or is_parent_slot(name) or isinstance(value, Method | Primitive):
                continue
            try:
                found[name] = wire(value)
            except NotStorable:
                continue
    return found


def own_data_slots(target: UvmObject) -> Mapping[str, Value]:
    """The data slots that the object itself holds."""
    own = target._slots
    return {name: value for name, value in data_slots(target).items() if name in own}


def understood(target: UvmObject) -> tuple[str, ...]:
    """The selectors that the object or its ancestors have behaviour for."""
    found = {
        name: None
        for holder in chain(target)
        for name, value in holder._slots.items()
        if isinstance(value, Method | Primitive) and not name.startswith("_")
    }
    return tuple(found)
