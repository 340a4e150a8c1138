"""A person's next version of a learned method: a mission of its own, which asks no model."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from battui.contracts.cases import Case, case_record
from battui.contracts.commands import EditMethod
from battui.contracts.errors import Refused, UnknownObject, UnknownSlot
from battui.image.cases import cases_of
from battui.image.lookup import Found, find
from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.world import World
from battui.mind.cycle import (
    ACTIVE,
    Mandate,
    close,
    cycle_of,
    enter,
    park,
    settle,
    start_cycle,
    state_of,
    waiting_cycle,
)

MOST_LOOKED_AT = 50
"""Newest missions among which an earlier edit of the same method is looked for, to go on with it."""


def begin_revision(world: World, command: EditMethod) -> str:
    """Return the mission that is to take the person's source: it has to pass what was recorded of the method.

    The mission has failed until it does, so nothing thinks about it. Raises UnknownSlot where nothing was learned
    under that name, and Refused where nothing was changed, or a mission is learning the message at the moment.
    """
    selector, about = command.path.names[-1], str(command.path)
    match find(world.receiver(command.path.holder), selector):
        case Found(holder=holder, value=Method() as present):
            pass
        case _:
            raise UnknownSlot(
                "there is no learned method of that name", about=about, remedy="Look at the object."
            )
    if command.source.strip() == present.source.strip():
        raise Refused("nothing was changed", about=about, remedy="Nothing was done, therefore.")
    if (busy := waiting_cycle(world, holder, selector)) is not None:
        raise Refused(
            "a mission is learning this message",
            about=about,
            remedy=f"Wait for it, or cancel it: battui missions cancel {busy.mission}",
        )
    cycle = _earlier_edit(world, holder, selector) or _started(world, holder, present)
    cycle.cases = [case_record(_recorded(case)) for case in cases_of(world, present)]
    return str(cycle.mission)


def _started(world: World, holder: UvmObject, present: Method) -> UvmObject:
    mandate = Mandate("lesson", present.selector, tuple(present.parameters), present.intent)
    cycle = start_cycle(world, holder, mandate, time.time())
    cycle.revision = True
    cycle.failure = "what was written for it has not come through yet"
    settle(cycle, park(cycle, _learned_with(world, present), ""), error=cycle.failure)
    enter(world, cycle, "FAILED", time.time())
    close(world, cycle)
    return cycle


def _learned_with(world: World, present: Method) -> dict[str, Any]:
    """The arguments of the message that the method was learned for, as far as the image still knows them."""
    try:
        cycle = cycle_of(world, present.mission)
    except UnknownObject:
        return {}
    return dict(cycle.parked[0]["arguments"])


def _earlier_edit(world: World, holder: UvmObject, selector: str) -> UvmObject | None:
    """An edit of the same method that did not come through."""
    newest = world.missions.maxKey() if world.missions else 0
    for number in reversed(list(world.missions.keys(newest - MOST_LOOKED_AT))):
        cycle = cycle_of(world, f"m{number}")
        if (
            cycle._slots.get("revision")
            and cycle.target is holder
            and cycle.mission_brief["selector"] == selector
            and state_of(cycle) == "FAILED"
            and cycle.mission not in world.root[ACTIVE]
        ):
            return cycle
    return None


def _recorded(case: Case) -> Case:
    return case if case.name.startswith("recorded ") else replace(case, name=f"recorded {case.name}")
