"""What the kernel writes into a cycle, each function inside one transaction."""

from __future__ import annotations

import time
from dataclasses import dataclass

from battui.contracts.errors import Refused
from battui.contracts.replies import Answer
from battui.contracts.values import Value
from battui.image.objects import UvmObject
from battui.image.world import World, wire
from battui.kernel.messages.dispatch import Parked
from battui.kernel.messages.installation import install
from battui.kernel.messages.rendering import rendered
from battui.mind.approval import NOTHING_PROPOSED
from battui.mind.budget import charge, seconds_left
from battui.mind.choice import Candidate
from battui.mind.cycle import ACTIVE, close, cycle_of, enter, settle, state_of, unanswered
from battui.mind.editing import adopt
from battui.mind.states import title_of
from battui.mind.steps import Step

MOST_STATES = 100
"""That a mission may go through from its beginning to its end."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A committed step: where the cycle stands now, what it is called, what it knows, and how long it may go on."""

    step: Step
    state: str
    title: str
    plan: dict[str, Value]
    facets: dict[str, str]
    seconds_left: float


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
        _require_progress(cycle)
        enter(world, cycle, step.next_state, time.time())
    if step.ended:
        close(world, cycle)
    return Taken(
        step, state_of(cycle), title_of(cycle), dict(cycle.plan), dict(cycle.facets), seconds_left(cycle)
    )


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


def fail(world: World, mission: str, reason: str, seconds: float = 0.0) -> bool:
    """Let the mission enter FAILED; where it is there already, end it. Return whether it has ended."""
    cycle = cycle_of(world, mission)
    cycle.failure = reason
    charge(cycle, seconds)
    if state_of(cycle) != "FAILED":
        enter(world, cycle, "FAILED", time.time())
        return False
    _end(world, cycle, reason)
    return True


def end_early(world: World, mission: str) -> None:
    """Somebody has cancelled the mission; raises Refused where it has ended or installed its method."""
    cycle = cycle_of(world, mission)
    if mission not in world.root[ACTIVE] and state_of(cycle) == "FAILED":
        raise Refused(
            "this mission has failed already", about=mission, remedy=f"See: battui missions show {mission}"
        )
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
    beginning: dict[str, object] = {
        "drafts": [],
        "attempt": 0,
        "feedback": [],
        "tokens": 0,
        "seconds": 0.0,
        "rejected": [],
        **NOTHING_PROPOSED,
    }
    for name, value in beginning.items():
        setattr(cycle, name, value)
    _reopen(world, cycle, "IDLE")


def take_edit(world: World, mission: str, candidate: Candidate) -> str:
    """Keep what a person wrote for the mission, and let the mission go on with it if it came through.

    Return why it did not, empty where it did. Raises Refused where the mission takes no method.
    """
    cycle = cycle_of(world, mission)
    adopt(cycle, candidate)
    if not candidate.survived:
        return candidate.verdict
    if state_of(cycle) == "FAILED":
        _reopen(world, cycle, "SYNTHESIZING")
    return ""


def _reopen(world: World, cycle: UvmObject, state: str) -> None:
    """A mission that had ended goes on; its senders, whoever they were, are owed an answer again."""
    cycle.parked = [{**message, "answered": False, "error": ""} for message in cycle.parked]
    cycle.failure = ""
    enter(world, cycle, state, time.time())
    world.root[ACTIVE][cycle.mission] = cycle


def _require_progress(cycle: UvmObject) -> None:
    """Raise Refused where the states go round in a circle; a prototype may name any other as its next."""
    states = [state for state, _ in cycle.trail]
    passed = len(states) - max((at for at, state in enumerate(states) if state == "IDLE"), default=0)
    if passed >= MOST_STATES:
        raise Refused(
            f"it has gone through {MOST_STATES} states without an end",
            about=cycle.mission,
            remedy="Look at the next_state of the prototypes: battui show psm_prototypes_obj",
        )


def _end(world: World, cycle: UvmObject, reason: str) -> None:
    for number in unanswered(cycle):
        settle(cycle, number, error=reason)
    close(world, cycle)
