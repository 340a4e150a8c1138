"""What the kernel writes into a cycle, each function inside one transaction."""

from __future__ import annotations

import time
from dataclasses import dataclass

from battui.contracts.errors import Refused
from battui.contracts.replies import Answer
from battui.contracts.values import Value
from battui.image.objects import UvmObject
from battui.image.world import World, wire
from battui.kernel.dispatch import Parked
from battui.kernel.installation import install
from battui.kernel.rendering import rendered
from battui.mind.approval import NOTHING_PROPOSED
from battui.mind.cycle import ACTIVE, close, cycle_of, enter, settle, state_of, unanswered
from battui.mind.states import title_of
from battui.mind.steps import Step


@dataclass(frozen=True, slots=True)
class Taken:
    """A committed step: where the cycle stands now, what it is called, and what it knows."""

    step: Step
    state: str
    title: str
    plan: dict[str, Value]
    facets: dict[str, str]


def take(world: World, cycle: UvmObject, step: Step) -> Taken:
    """Put all that a step says into the image: one step is one transaction."""
    for name, value in step.remember.items():
        setattr(cycle, name, value)
    if step.install is not None:
        install(world, cycle, step.install, time.time())
    if step.report:
        report = {"mission": cycle.mission, "at": time.time(), "report": step.report}
        cycle.target.audits = [*cycle.target.audits, report]
    if step.next_state:
        enter(world, cycle, step.next_state, time.time())
    if step.ended:
        close(world, cycle)
    return Taken(step, state_of(cycle), title_of(cycle), dict(cycle.plan), dict(cycle.facets))


def settled(world: World, parked: Parked) -> Answer | str:
    """The answer of a parked message, or why there will be none, or an empty text while it is open."""
    cycle = cycle_of(world, parked.mission)
    message = cycle.parked[parked.number]
    if not message["answered"]:
        return ""
    if message["error"]:
        return str(message["error"])
    value = message["answer"]
    return Answer(wire(value), rendered(world, value), parked.mission, learned=cycle.installed is not None)


def fail(world: World, mission: str, reason: str) -> bool:
    """Let the mission enter FAILED; where it is there already, end it. Return whether it has ended."""
    cycle = cycle_of(world, mission)
    cycle.failure = reason
    if state_of(cycle) != "FAILED":
        enter(world, cycle, "FAILED", time.time())
        return False
    _end(world, cycle, reason)
    return True


def end_early(world: World, mission: str) -> None:
    """Somebody has cancelled the mission; raises Refused where it has ended or installed its method."""
    cycle = cycle_of(world, mission)
    if mission not in world.root[ACTIVE] or cycle.installed is not None:
        raise Refused(
            "this mission has done its work",
            about=mission,
            remedy=f"Take it back with: battui undo {mission}",
        )
    cycle.failure = "cancelled"
    enter(world, cycle, "FAILED", time.time())
    _end(world, cycle, "the mission was cancelled")


def start_again(world: World, mission: str) -> None:
    """Take a failed mission back to its beginning; raises Refused for any other."""
    cycle = cycle_of(world, mission)
    if state_of(cycle) != "FAILED" or mission in world.root[ACTIVE]:
        raise Refused(
            "only a failed mission can be tried again", about=mission, remedy="See: battui missions"
        )
    cycle.parked = [{**message, "answered": False, "error": ""} for message in cycle.parked]
    beginning: dict[str, object] = {
        "drafts": [],
        "attempt": 0,
        "feedback": [],
        "failure": "",
        "rejected": [],
        **NOTHING_PROPOSED,
    }
    for name, value in beginning.items():
        setattr(cycle, name, value)
    enter(world, cycle, "IDLE", time.time())
    world.root[ACTIVE][mission] = cycle


def _end(world: World, cycle: UvmObject, reason: str) -> None:
    for number in unanswered(cycle):
        settle(cycle, number, error=reason)
    close(world, cycle)
