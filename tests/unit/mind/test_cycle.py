"""A mission's record: how it begins, whom it answers, which state it delegates to, and how it is found again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from battui.contracts.errors import UnknownObject
from battui.image.genesis import STATES
from battui.image.image import Image
from battui.image.lookup import Found, find
from battui.image.objects import UvmObject, clone_of
from battui.image.primitive import Primitive
from battui.image.world import World
from battui.mind.cycle import (
    Mandate,
    MissionKind,
    active_cycles,
    close,
    cycle_of,
    enter,
    park,
    provenance,
    settle,
    start_cycle,
    state_of,
    unanswered,
    waiting_cycle,
)
from battui.mind.states import state_functions

DEPOSIT = Mandate("unhandled_message", "deposit_", ("amount",), "add amount", "self.balance == 150")


def test_a_cycle_begins_idle_with_its_mandate_and_is_listed(world: World, account: UvmObject) -> None:
    cycle = start_cycle(world, account, DEPOSIT, 12.5)
    assert (cycle.mission, cycle.kind, cycle.target_name, state_of(cycle)) == (
        "m1",
        "unhandled_message",
        "account",
        "IDLE",
    )
    assert cycle.trail == [["IDLE", 12.5]]
    assert cycle.mission_brief["parameters"] == ["amount"]
    assert list(active_cycles(world)) == [cycle]
    assert cycle_of(world, "m1") is cycle


def test_missions_are_numbered_on_even_after_they_have_ended(world: World, account: UvmObject) -> None:
    first = start_cycle(world, account, DEPOSIT, 0.0)
    close(world, first)
    second = start_cycle(world, account, DEPOSIT, 0.0)
    assert second.mission == "m2"
    assert list(active_cycles(world)) == [second]
    assert cycle_of(world, "m1") is first, "its record stays"
    close(world, first)


@pytest.mark.parametrize("mission", ["m2", "m0", "", "m", "m-1", "mm1", "account", "m1x", "m" + "9" * 40])
def test_a_mission_that_is_not_there_is_told(world: World, account: UvmObject, mission: str) -> None:
    start_cycle(world, account, DEPOSIT, 0.0)
    with pytest.raises(UnknownObject, match="battui missions"):
        cycle_of(world, mission)


def test_parked_messages_are_answered_one_by_one(world: World, account: UvmObject) -> None:
    cycle = start_cycle(world, account, DEPOSIT, 0.0)
    numbers = [park(cycle, {"amount": amount}, bind) for amount, bind in ((50, "x"), (7, ""), (8, ""))]
    assert (numbers, unanswered(cycle)) == ([0, 1, 2], [0, 1, 2])
    settle(cycle, 1, answer=[account])
    assert unanswered(cycle) == [0, 2]
    settle(cycle, 0, error="it raised")
    assert unanswered(cycle) == [2]
    assert [(message["answer"], message["error"]) for message in cycle.parked] == [
        (None, "it raised"),
        ([account], ""),
        (None, ""),
    ]
    assert (cycle.parked[0]["bind"], cycle.parked[0]["arguments"]) == ("x", {"amount": 50})


def test_what_is_parked_and_settled_is_seen_by_the_image(image: Image) -> None:
    """Plain lists are not watched: each change must be an assignment."""

    def start(world: World) -> None:
        world.bind("account", world.store(clone_of(world.root["genesis_obj"])))
        start_cycle(world, world.lobby["account"], DEPOSIT, 0.0)

    jobs: list[Callable[[World], object]] = [
        start,
        lambda world: park(cycle_of(world, "m1"), {"amount": 1}, ""),
        lambda world: settle(cycle_of(world, "m1"), 0, answer=3),
        lambda world: enter(world, cycle_of(world, "m1"), "COMPLETE", 1.0),
    ]
    for job in jobs:
        image.perform("test", job)
        # What is only in memory is forgotten.
        image.database.cacheMinimize()

    def look(world: World) -> None:
        cycle = cycle_of(world, "m1")
        assert cycle.parked[0]["answer"] == 3
        assert (state_of(cycle), cycle.trail[-1]) == ("COMPLETE", ["COMPLETE", 1.0])

    image.read(look)


@pytest.mark.parametrize("state", STATES)
def test_to_change_the_state_slot_is_to_change_what_the_cycle_does(
    world: World, account: UvmObject, state: str
) -> None:
    cycle = start_cycle(world, account, DEPOSIT, 0.0)
    enter(world, cycle, state, 2.0)
    found = find(cycle, "_process_synthesis_")
    assert isinstance(found, Found)
    assert isinstance(found.value, Primitive)
    assert found.value.name == f"psm.{state.lower()}"
    assert found.value.name in state_functions()
    assert (state_of(cycle), cycle.trail) == (state, [["IDLE", 0.0], [state, 2.0]])


def test_a_state_that_is_not_there_is_told_with_those_there_are(world: World, account: UvmObject) -> None:
    cycle = start_cycle(world, account, DEPOSIT, 0.0)
    with pytest.raises(UnknownObject, match="IDLE, DECOMPOSING, DELEGATING, SYNTHESIZING, COMPLETE, FAILED"):
        enter(world, cycle, "PONDERING", 1.0)
    assert (state_of(cycle), cycle.trail) == ("IDLE", [["IDLE", 0.0]])


def test_a_state_that_a_user_has_added_can_be_entered(world: World, account: UvmObject) -> None:
    world.root["psm_prototypes_obj"].PONDERING = world.store(UvmObject(name="PONDERING"))
    cycle = start_cycle(world, account, DEPOSIT, 0.0)
    enter(world, cycle, "PONDERING", 1.0)
    assert state_of(cycle) == "PONDERING"


WAITING: dict[str, tuple[MissionKind, str, str, str, bool]] = {
    "the same message": ("unhandled_message", "deposit_", "DELEGATING", "account", True),
    "another selector": ("unhandled_message", "audit", "DELEGATING", "account", False),
    "another object": ("unhandled_message", "deposit_", "DELEGATING", "traits_obj", False),
    "an audit": ("self_audit", "deposit_", "DELEGATING", "account", False),
    "done": ("unhandled_message", "deposit_", "COMPLETE", "account", False),
    "failed": ("unhandled_message", "deposit_", "FAILED", "account", False),
}


@pytest.mark.parametrize("case", WAITING)
def test_the_open_mission_for_a_message_is_found(world: World, account: UvmObject, case: str) -> None:
    kind, selector, state, target, expected = WAITING[case]
    of = account if target == "account" else world.root[target]
    cycle = start_cycle(world, of, Mandate(kind, selector), 0.0)
    enter(world, cycle, state, 1.0)
    assert waiting_cycle(world, account, "deposit_") is (cycle if expected else None)


def test_provenance_says_what_the_cycle_knows(world: World, account: UvmObject) -> None:
    cycle = start_cycle(world, account, DEPOSIT, 0.0)
    cycle.plan, cycle.facets = {"strategy": "add"}, {"SAGE": "It grows."}
    assert provenance(cycle, {"attempt": 1}) == {
        "mission": "m1",
        "plan": {"strategy": "add"},
        "facets": {"SAGE": "It grows."},
        "attempt": 1,
    }
