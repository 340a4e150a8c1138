"""What a mission may cost: generations are cut to what is left, and nothing goes on beyond it."""

from __future__ import annotations

import pytest

from battui.contracts.generation import GenerationRequest
from battui.contracts.settings import MissionSettings
from battui.image.objects import UvmObject
from battui.image.world import World
from battui.mind.budget import budget_of, charge, seconds_left, within_budget
from battui.mind.cycle import Mandate, start_cycle
from battui.mind.steps import AnswerSender, AwaitApproval, Generate, Step, TryCandidates


@pytest.fixture
def cycle(world: World, account: UvmObject) -> UvmObject:
    cycle = start_cycle(world, account, Mandate("unhandled_message", "deposit_"), 0.0)
    cycle.budget = budget_of(MissionSettings(max_mission_tokens=1000, seconds=60.0))
    return cycle


def asking(*counts: int, tokens: int = 100) -> Step:
    requests = [GenerationRequest(f"r{n}", "p", candidates=n, max_tokens=tokens) for n in counts]
    return Step(effects=(Generate("candidates", tuple(requests)),))


def counts(step: Step) -> list[tuple[int, int]]:
    (effect,) = step.effects
    assert isinstance(effect, Generate)
    return [(request.candidates, request.max_tokens) for request in effect.requests]


@pytest.mark.parametrize(
    ("used", "asked", "left"),
    [
        (0, (4,), [(4, 100)]),
        (600, (4,), [(4, 100)]),
        (700, (4,), [(3, 100)]),
        (700, (2, 2), [(2, 100), (1, 100)]),
        (800, (2, 2), [(2, 100)]),
        (950, (4,), [(1, 50)]),
    ],
)
def test_fewer_candidates_are_written_where_less_is_left(
    cycle: UvmObject, used: int, asked: tuple[int, ...], left: list[tuple[int, int]]
) -> None:
    cycle.tokens = used
    assert counts(within_budget(cycle, asking(*asked))) == left


@pytest.mark.parametrize("used", [1000, 1001])
def test_a_mission_without_tokens_fails_and_keeps_what_it_has(cycle: UvmObject, used: int) -> None:
    cycle.tokens = used
    step = within_budget(cycle, asking(1))
    assert (step.next_state, step.effects) == ("FAILED", ())
    assert step.remember["failure"] == "its budget of 1000 tokens is used up (mission.max_mission_tokens)"


def test_tokens_of_the_step_itself_count(cycle: UvmObject) -> None:
    step = Step(remember={"tokens": 1000, "plan": {}}, effects=asking(1).effects)
    assert within_budget(cycle, step).next_state == "FAILED"
    assert within_budget(cycle, step).remember["plan"] == {}


def test_a_mission_without_time_fails_but_may_still_wait_and_answer(cycle: UvmObject) -> None:
    charge(cycle, 61.5)
    assert seconds_left(cycle) == pytest.approx(-1.5)
    for effect in (asking(1).effects[0], TryCandidates(("source",))):
        step = within_budget(cycle, Step(effects=(effect,)))
        assert step.next_state == "FAILED"
        assert step.remember["failure"] == "its budget of 60 s of thinking is used up (mission.seconds)"
    for free in (Step(effects=(AwaitApproval(),)), Step(effects=(AnswerSender(0),)), Step(ended=True)):
        assert within_budget(cycle, free) is free


def test_a_mission_of_an_older_image_has_no_bounds(cycle: UvmObject) -> None:
    for name in ("budget", "seconds"):
        delattr(cycle, name)
    cycle.tokens = 10**9
    charge(cycle, 1e6)
    step = asking(4)
    assert within_budget(cycle, step) is step
