"""SYNTHESIZING where a person is asked: the state proposes, and goes on as was decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from battui.contracts.errors import Refused, UsageError
from battui.contracts.settings import MissionSettings
from battui.guardian import review
from battui.image.image import Image
from battui.image.objects import UvmObject
from battui.image.world import World
from battui.mind.approval import awaiting, decide, decision_of, proposed
from battui.mind.choice import Candidate
from battui.mind.cycle import Mandate, cycle_of, enter, park, start_cycle
from battui.mind.states import MindContext
from battui.mind.states.writing import process
from battui.mind.steps import (
    Approved,
    AwaitApproval,
    Generate,
    Installation,
    Outcome,
    Recalled,
    Rejected,
    Step,
    Tried,
)

SLOTS = ("proposal", "decision", "rejected")


def candidate(index: int, body: str = "return amount") -> Candidate:
    verdict = review(f"def add_(self, amount):\n    {body}\n")
    return Candidate(index, verdict.source, verdict.tree_hash, True, ("style",), True, None, "1", "ran")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with (
        Image.open(str(tmp_path / "image")) as image,
        image.unit_of_work("a mission") as opened,
    ):
        counter = opened.store(UvmObject({"parent*": opened.root["genesis_obj"]}, total=0))
        mandate = Mandate("unhandled_message", "add_", ("amount",), "add amount to total")
        park(start_cycle(opened, counter, mandate, 0.0), {"amount": 1}, "")
        enter(opened, cycle_of(opened, "m1"), "SYNTHESIZING", 1.0)
        yield opened


@pytest.fixture
def cycle(world: World) -> UvmObject:
    return cycle_of(world, "m1")


def step(cycle: UvmObject, *outcomes: Outcome, approval: str = "ask", attempts: int = 2) -> Step:
    """Ask the state and let the cycle remember what it says, as the kernel does."""
    context = MindContext({}, MissionSettings(approval=approval, attempts=attempts))
    answered = process(cycle, outcomes, context)
    for name, value in answered.remember.items():
        setattr(cycle, name, value)
    return answered


def test_asked_or_not_the_same_candidate_is_installed(cycle: UvmObject) -> None:
    at_once = step(cycle, Tried((candidate(0),)), approval="auto")
    cycle.fates = []
    proposing = step(cycle, Tried((candidate(0),)))
    approved = step(cycle, Approved())

    assert (at_once.effects, proposing.install, proposing.effects) == ((), None, (AwaitApproval(),))
    assert isinstance(at_once.install, Installation)
    assert isinstance(approved.install, Installation)
    assert approved.install.certificate == at_once.install.certificate
    assert approved.install.source == at_once.install.source == candidate(0).source
    assert [at_once.install.provenance["approved"], approved.install.provenance["approved"]] == [False, True]
    assert proposed(cycle) is None


def test_a_proposal_comes_back_from_its_slot_as_it_was(cycle: UvmObject) -> None:
    step(cycle, Tried((candidate(0),)))

    assert proposed(cycle) == candidate(0)
    assert type(cycle.proposal) is dict


def test_without_outcomes_as_after_a_restart_it_waits_again(cycle: UvmObject) -> None:
    cycle.drafts = [candidate(0).source]
    step(cycle, Tried((candidate(0),)))

    assert step(cycle) == Step(effects=(AwaitApproval(),))


def test_after_a_rejection_the_next_attempt_is_told_why(cycle: UvmObject) -> None:
    step(cycle, Tried((candidate(0),)))
    rejected = step(cycle, Rejected("count in cents"))

    assert (rejected.effects, rejected.next_state, proposed(cycle)) == ((), "", None)
    assert (cycle.attempt, cycle.feedback, cycle.drafts) == (1, ["count in cents"], [])
    (fate,) = cycle.fates
    assert (fate["chosen"], fate["verdict"]) == (False, "ran; rejected: count in cents")
    (effect,) = step(cycle, Recalled(())).effects
    assert isinstance(effect, Generate)
    assert any("count in cents" in str(request.prompt) for request in effect.requests)


def test_what_was_rejected_is_not_proposed_again_and_its_reason_stays(cycle: UvmObject) -> None:
    step(cycle, Tried((candidate(0),)), attempts=3)
    step(cycle, Rejected("count in cents"), attempts=3)
    again = step(cycle, Tried((candidate(1),)), attempts=3)

    assert again.effects == ()
    assert cycle.feedback == ["count in cents", "ran; rejected before"]
    step(cycle, Tried((candidate(2), candidate(3, "return amount * 100"))), attempts=3)
    assert proposed(cycle) == candidate(3, "return amount * 100")


def test_after_a_rejection_it_asks_whatever_the_settings_are(cycle: UvmObject) -> None:
    step(cycle, Tried((candidate(0),)))
    step(cycle, Rejected("count in cents"), approval="auto")
    again = step(cycle, Tried((candidate(1, "return amount * 100"),)), approval="auto")

    assert (again.install, again.effects) == (None, (AwaitApproval(),))


def test_the_last_rejection_is_why_the_mission_fails(cycle: UvmObject) -> None:
    step(cycle, Tried((candidate(0),)), attempts=1)
    failed = step(cycle, Rejected("count in cents"), attempts=1)

    assert (failed.next_state, cycle.failure) == ("FAILED", "rejected: count in cents")
    assert proposed(cycle) is None


@pytest.mark.parametrize("approval", ["auto", "ask"])
def test_a_cycle_of_an_older_image_needs_none_of_the_slots(cycle: UvmObject, approval: str) -> None:
    for name in SLOTS:
        delattr(cycle, name)

    assert isinstance(step(cycle, Recalled(()), approval=approval).effects[0], Generate)
    assert (awaiting(cycle), decision_of(cycle)) == (None, None)
    answered = step(cycle, Tried((candidate(0),)), approval=approval)
    assert (answered.install is None) == (approval == "ask")


def test_a_decision_is_made_once_and_about_something(world: World, cycle: UvmObject) -> None:
    with pytest.raises(Refused, match="waits for no approval"):
        decide(cycle, Approved())
    step(cycle, Tried((candidate(0),)))
    with pytest.raises(UsageError, match="needs a reason"):
        decide(cycle, Rejected("\n"))
    assert awaiting(cycle) == candidate(0)
    decide(cycle, Rejected(" too long "))
    assert (decision_of(cycle), awaiting(cycle)) == (Rejected("too long"), None)
    with pytest.raises(Refused, match="decided already"):
        decide(cycle, Approved())
    cycle.decision = None
    enter(world, cycle, "FAILED", 2.0)
    with pytest.raises(Refused, match="waits for no approval"):
        decide(cycle, Approved())
