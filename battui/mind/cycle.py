"""A mission being thought through: a persistent object that delegates to its state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from battui.contracts.errors import UnknownObject
from battui.contracts.values import Value
from battui.image.objects import UvmObject
from battui.image.world import World

MissionKind = Literal["unhandled_message", "lesson", "question", "self_audit"]
ACTIVE = "active_cycles"


@dataclass(frozen=True, slots=True)
class Mandate:
    """Why a mission is started: the failed message with its intent, cases to be passed, a question, or an audit."""

    kind: MissionKind
    selector: str = ""
    parameters: tuple[str, ...] = ()
    intent: str = ""
    expectation: str = ""
    question: str = ""


def start_cycle(world: World, target: UvmObject, mandate: Mandate, at: float) -> UvmObject:
    """Make a cycle in state IDLE; the caller's transaction makes it durable. `at` is Unix time in seconds."""
    number = 1 + (world.missions.maxKey() if world.missions else 0)
    cycle = UvmObject(
        {
            "parent*": [world.root["traits_obj"]],
            "synthesis_state*": prototype(world, "IDLE"),
        },
        mission=f"m{number}",
        kind=mandate.kind,
        mission_brief={
            "type": mandate.kind,
            "selector": mandate.selector,
            "parameters": list(mandate.parameters),
            "intent": mandate.intent,
            "expectation": mandate.expectation,
            "question": mandate.question,
        },
        target=target,
        target_name=world.name_of(target),
        parked=[],
        cases=[],
        trail=[["IDLE", at]],
        plan={},
        facets={},
        drafts=[],
        fates=[],
        attempt=0,
        feedback=[],
        proposal=None,
        decision=None,
        rejected=[],
        failure="",
        reply="",
        tokens=0,
        seconds=0.0,
        budget={},
        examples=[],
        origins=[],
        # In a record of its own, because it is large and the cycle is written with every step.
        thoughts=UvmObject(prompts={}, generations=[]),
        installed=None,
    )
    world.missions[number] = cycle
    world.root[ACTIVE][cycle.mission] = cycle
    return cycle


def park(cycle: UvmObject, arguments: Mapping[str, Any], bind: str, expectation: str = "") -> int:
    """Keep a sender's message in the cycle until it can be answered; return its number."""
    message = {"arguments": dict(arguments), "bind": bind, "expectation": expectation}
    cycle.parked = [*cycle.parked, {**message, "answered": False, "answer": None, "error": ""}]
    return len(cycle.parked) - 1


def settle(cycle: UvmObject, number: int, *, answer: Any = None, error: str = "") -> None:
    """Record what became of a parked message."""
    parked = [dict(message) for message in cycle.parked]
    parked[number].update(answered=True, answer=answer, error=error)
    cycle.parked = parked


def unanswered(cycle: UvmObject) -> list[int]:
    """The numbers of the parked messages whose senders still wait."""
    return [number for number, message in enumerate(cycle.parked) if not message["answered"]]


def enter(world: World, cycle: UvmObject, state: str, at: float) -> None:
    """Let the cycle delegate to another state: the whole of a transition."""
    setattr(cycle, "synthesis_state*", prototype(world, state))
    cycle.trail = [*cycle.trail, [state, at]]


def prototype(world: World, state: str) -> UvmObject:
    """The state's prototype object; raises UnknownObject with the states that there are."""
    prototypes = world.root["psm_prototypes_obj"]
    found = prototypes._slots.get(state)
    if not isinstance(found, UvmObject):
        known = ", ".join(name for name, value in prototypes._slots.items() if name != "parent*")
        raise UnknownObject("psm_prototypes_obj has no such state", about=state, remedy=f"It has: {known}.")
    return found


def state_of(cycle: UvmObject) -> str:
    """The name of the state that the cycle delegates to."""
    return str(getattr(cycle, "synthesis_state*").name)


def cycle_of(world: World, mission: str) -> UvmObject:
    """The cycle of a mission by its id; raises UnknownObject."""
    number = mission.removeprefix("m")
    found = world.missions.get(int(number)) if number.isdecimal() and len(number) < 12 else None
    if not isinstance(found, UvmObject):
        raise UnknownObject(
            "there is no such mission", about=mission, remedy="List them with: battui missions"
        )
    return found


def active_cycles(world: World) -> Iterator[UvmObject]:
    """The cycles that have not ended."""
    yield from list(world.root[ACTIVE].values())


def close(world: World, cycle: UvmObject) -> None:
    """The cycle has ended; its record stays among the missions."""
    world.root[ACTIVE].pop(cycle.mission, None)


def waiting_cycle(world: World, target: UvmObject, selector: str) -> UvmObject | None:
    """The open mission that already thinks about this message to this object."""
    for cycle in active_cycles(world):
        same = cycle.target is target and cycle.mission_brief["selector"] == selector
        if (
            same
            and cycle.kind in ("unhandled_message", "lesson")
            and state_of(cycle) not in ("COMPLETE", "FAILED")
        ):
            return cycle
    return None


def provenance(cycle: UvmObject, extra: Mapping[str, Value]) -> dict[str, Value]:
    """Where a method came from, as far as the cycle knows."""
    return {"mission": cycle.mission, "plan": dict(cycle.plan), "facets": dict(cycle.facets), **extra}


def own_prototype(cycle: UvmObject) -> UvmObject:
    """The prototype that the cycle delegates to."""
    found: UvmObject = getattr(cycle, "synthesis_state*")
    return found
