"""Recorded cases of learned methods: every later version has to pass them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from persistent.list import PersistentList

from battui.contracts.cases import Case, case_of_record, case_record
from battui.image.method import Method
from battui.image.world import World, oid_of

MAX_CASES = 8
"""The first sends of a method are kept; more would teach little and make every send a larger transaction."""


def record_case(world: World, method: Method, case: Case) -> None:
    """Keep one send while there are few.

    Cases stand beside the method and not in it: the method's own record never changes after its installation.
    """
    recorded = _recorded(world, method)
    if len(recorded) < MAX_CASES:
        recorded.append(case_record(case))


def keep_cases(world: World, method: Method, cases: Sequence[Case]) -> None:
    """Keep all the cases that a method was taught with."""
    if cases:
        _recorded(world, method).extend(case_record(case) for case in cases)


def cases_of(world: World, method: Method) -> tuple[Case, ...]:
    """The cases that were kept of this version of the method."""
    recorded = world.root["knowledge_catalog_obj"].cases.get(_key(method), ())
    return tuple(case_of_record(record) for record in recorded)


def _recorded(world: World, method: Method) -> Any:
    world.store(method)
    cases = world.root["knowledge_catalog_obj"].cases
    if _key(method) not in cases:
        cases[_key(method)] = PersistentList()
    return cases[_key(method)]


def _key(method: Method) -> str:
    return f"{oid_of(method):016x}"
