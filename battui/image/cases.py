"""Recorded sends of learned methods: cases that every later version has to pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from persistent.list import PersistentList

from battui.contracts.values import Value
from battui.image.method import Method
from battui.image.world import World, oid_of

MAX_CASES = 8
"""The first sends of a method are kept; more would teach little and make every send a larger transaction."""


def record_case(world: World, method: Method, case: Mapping[str, Value]) -> None:
    """Keep one send (slots before, arguments, result, slots after) while there are few.

    Cases stand beside the method and not in it: the method's own record never changes after its installation.
    """
    recorded = _recorded(world)
    key = f"{oid_of(method):016x}"
    if key not in recorded:
        recorded[key] = PersistentList()
    if len(recorded[key]) < MAX_CASES:
        recorded[key].append(dict(case))


def cases_of(world: World, method: Method) -> tuple[Mapping[str, Value], ...]:
    """The sends that were kept of this version of the method."""
    return tuple(_recorded(world).get(f"{oid_of(method):016x}", ()))


def _recorded(world: World) -> Any:
    return world.root["knowledge_catalog_obj"].cases
