"""A mission goes straight to the expert for methods, where the engine has one; the council meets if that fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from battui.contracts.generation import GenerationRequest
from battui.image.objects import UvmObject
from battui.image.world import World
from battui.mind.cycle import Mandate, MissionKind, enter, park, start_cycle
from battui.mind.method_form import MethodExpert, shipped_form
from battui.mind.personas import shipped_personas
from battui.mind.states import MindContext, state_functions
from battui.mind.steps import Generate, Generated, Step, Tried, TryCandidates
from tests.unit.mind.state_parts import EXPECTING, MANDATES, SETTINGS, bad, result

CONTEXT = MindContext(shipped_personas(), SETTINGS, lambda: MethodExpert("jit", shipped_form()))
MESSAGE = MANDATES["unhandled_message"]


def started(world: World, target: UvmObject, state: str, mandate: Mandate = MESSAGE) -> UvmObject:
    cycle = start_cycle(world, target, mandate, 0.0)
    park(cycle, {"amount": 50}, "")
    enter(world, cycle, state, 1.0)
    return cycle


def go_on(cycle: UvmObject, state: str, *outcomes: Generated | Tried) -> Step:
    step = state_functions()[f"psm.{state.lower()}"](cycle, outcomes, CONTEXT)
    for name, value in step.remember.items():
        setattr(cycle, name, value)
    return step


def test_the_council_is_not_asked_and_the_plan_says_why(world: World, account: UvmObject) -> None:
    step = go_on(started(world, account, "DECOMPOSING"), "DECOMPOSING")
    assert step.next_state == "DELEGATING"
    assert "straight to the expert jit" in str(step.remember["plan"])


def test_the_expert_is_asked_in_its_own_form(world: World, account: UvmObject) -> None:
    (effect,) = go_on(started(world, account, "SYNTHESIZING"), "SYNTHESIZING").effects
    assert isinstance(effect, Generate)
    (request,) = effect.requests
    assert request.adapter is not None
    assert request.adapter.name == "jit"
    assert request.grammar is None
    assert request.prompt == (
        "# self.balance = 100\n# amount = 50\n# add amount to balance\ndef deposit_(self, amount):"
    )


def requested(step: Step) -> GenerationRequest:
    (effect,) = step.effects
    assert isinstance(effect, Generate)
    (request,) = effect.requests
    return request


def test_where_it_can_be_judged_the_expert_writes_what_it_holds_possible_and_then_the_rest(
    world: World, account: UvmObject
) -> None:
    cycle = started(world, account, "SYNTHESIZING", EXPECTING)

    first = requested(go_on(cycle, "SYNTHESIZING"))
    assert (first.candidates, first.first_greedy, first.branches) == (4, True, True)
    assert 0 < first.least < 1

    go_on(cycle, "SYNTHESIZING", Generated("candidates", (result("    return 1", "    return 2"),)))
    go_on(cycle, "SYNTHESIZING", Tried((bad(0), bad(1))))
    assert (cycle.attempt, len(cycle.fates)) == (0, 2)

    then = requested(go_on(cycle, "SYNTHESIZING"))
    assert (then.candidates, then.first_greedy, then.branches, then.least) == (3, False, True, 0.0)
    assert then.prompt == first.prompt

    # What the first look has seen is not tried again.
    again = result("    return 2", "    return 3", "    return 4")
    (trial,) = go_on(cycle, "SYNTHESIZING", Generated("candidates", (again,))).effects
    assert isinstance(trial, TryCandidates)
    assert [source.split()[-1] for source in trial.sources] == ["3", "4"]
    assert trial.first == 2


def test_a_first_look_that_has_seen_all_is_an_attempt(world: World, account: UvmObject) -> None:
    cycle = started(world, account, "SYNTHESIZING", EXPECTING)
    go_on(cycle, "SYNTHESIZING", Tried((bad(0), bad(1), bad(2), bad(3))))
    assert cycle.attempt == 1


def test_the_council_meets_where_all_candidates_have_failed(world: World, account: UvmObject) -> None:
    cycle = started(world, account, "DECOMPOSING")
    go_on(cycle, "DECOMPOSING")

    assert go_on(cycle, "SYNTHESIZING", Tried((bad(0), bad(1)))).next_state == "DECOMPOSING"

    (effect,) = go_on(cycle, "DECOMPOSING").effects
    assert isinstance(effect, Generate)
    assert effect.purpose == "plan"


def test_what_the_council_has_planned_is_not_planned_again(world: World, account: UvmObject) -> None:
    cycle = started(world, account, "SYNTHESIZING")
    cycle.attempt = 1
    go_on(cycle, "DECOMPOSING", Generated("plan", (result("{}"),)))
    assert go_on(cycle, "SYNTHESIZING", Tried((bad(0),))).next_state == "FAILED"


DEPTHS: list[tuple[str, bool, MissionKind, str]] = [
    ("auto", True, "unhandled_message", "straight"),
    ("auto", False, "unhandled_message", "council"),
    ("council", True, "unhandled_message", "council"),
    ("straight", False, "unhandled_message", "straight"),
    ("straight", False, "question", "straight"),
    ("auto", True, "question", "straight"),
    ("council", True, "question", "council"),
    ("auto", True, "self_audit", "council"),
]


@pytest.mark.parametrize("case", DEPTHS)
def test_the_depth_of_thinking_can_be_set_and_its_reason_is_told(
    world: World, account: UvmObject, case: tuple[str, bool, MissionKind, str]
) -> None:
    depth, expert, kind, way = case
    context = replace(CONTEXT, settings=replace(SETTINGS, depth=depth))
    if not expert:
        context = replace(context, expert=lambda: None)
    cycle = started(world, account, "DECOMPOSING", MANDATES[kind])
    function = state_functions()["psm.decomposing"]
    step = function(cycle, (), context)
    if not step.next_state:
        step = function(cycle, (Generated("plan", (result("{}"),)),), context)
    plan = step.remember["plan"]
    assert isinstance(plan, dict)
    assert plan["way"] == way
    assert plan["reason"]


def test_with_no_council_a_failed_attempt_goes_straight_again(world: World, account: UvmObject) -> None:
    context = replace(CONTEXT, settings=replace(SETTINGS, depth="straight"))
    cycle = started(world, account, "DECOMPOSING")
    cycle.attempt = 1
    assert state_functions()["psm.decomposing"](cycle, (), context).next_state == "DELEGATING"


@pytest.mark.parametrize(
    ("intent", "parameters", "straight"),
    [
        ("return the balance", (), True),
        ("return the balance", ("amount",), False),
        ("return the interest", (), False),
        ("halve the balance", (), False),
        ("return the balance, but zero if it is below zero and frozen", (), False),
        ("", (), False),
    ],
)
def test_without_an_expert_only_what_asks_for_a_slot_needs_no_council(
    world: World, account: UvmObject, intent: str, parameters: tuple[str, ...], straight: bool
) -> None:
    mandate = Mandate("unhandled_message", "funds", parameters, intent)
    context = replace(CONTEXT, expert=lambda: None)
    step = state_functions()["psm.decomposing"](started(world, account, "DECOMPOSING", mandate), (), context)
    assert (step.next_state == "DELEGATING") == straight


def test_facets_audits_and_what_was_not_found_are_for_the_council(world: World, account: UvmObject) -> None:
    facet = replace(MESSAGE, selector="comfort_facet_", intent="speak softly")
    for mandate, attempt in ((facet, 0), (MANDATES["self_audit"], 0), (MANDATES["question"], 1)):
        cycle = started(world, account, "DECOMPOSING", mandate)
        cycle.attempt = attempt
        (effect,) = go_on(cycle, "DECOMPOSING").effects
        assert isinstance(effect, Generate)
