"""States are objects: what a user says in a prototype changes how every mission is thought through."""

from __future__ import annotations

import json

import pytest

from battui.contracts.errors import MissionFailed
from battui.contracts.replies import MissionView
from tests.functional.approval_steps import methods
from tests.functional.conftest import BODIES, Life, Live, script_of
from tests.functional.test_main_job import MAKE, TEACH, Scripted
from tests.functional.test_personas import asked, rule

COUNCIL = {"mission__depth": "council"}
ASK = "account.deposit_(amount=50)  # add amount to balance"


def states(view: MissionView) -> list[str]:
    return [state for state, _ in view.trail]


async def learned(life: Life, *lines: str) -> MissionView:
    """The mission of a message that is sent after these lines."""
    for line in (MAKE, *lines, TEACH):
        await life.line(line)
    assert await methods(life) == ["deposit_"]
    return await life.mission("m1")


async def test_a_state_of_a_users_own_stands_between_two_others(scripted_image: Scripted, live: Live) -> None:
    doubts = "What could go wrong with $title? ($question)"
    script = script_of(BODIES, extra=rule("What could go wrong with account.deposit_", "Nothing much."))
    async with live(scripted_image(script), **COUNCIL) as life:
        view = await learned(
            life,
            f"doubting = psm_prototypes_obj.DELEGATING.clone(name='DOUBTING', prompt={doubts!r}, "
            "pillars=['SIMPLE_HEART'])",
            "psm_prototypes_obj.DOUBTING = doubting",
            "psm_prototypes_obj.DELEGATING.next_state = 'DOUBTING'",
        )
    assert states(view) == ["IDLE", "DECOMPOSING", "DELEGATING", "DOUBTING", "SYNTHESIZING", "COMPLETE"]
    assert view.facets == {"SAGE": "It changes the balance.", "SIMPLE_HEART": "Nothing much."}


async def test_a_state_is_left_out_where_another_goes_past_it(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES)), **COUNCIL) as life:
        view = await learned(life, "psm_prototypes_obj.DECOMPOSING.next_state = 'SYNTHESIZING'")
    assert states(view) == ["IDLE", "DECOMPOSING", "SYNTHESIZING", "COMPLETE"]
    assert view.facets == {}


async def test_a_prompt_of_a_users_own_is_what_the_steward_is_asked(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES)), **COUNCIL) as life:
        view = await learned(life, "psm_prototypes_obj.DECOMPOSING.prompt = 'JSON for $title, please.'")
    (plan,) = asked(view, "plan")
    assert json.loads(plan["prompt"])[-1][1] == "JSON for account.deposit_(amount=50), please."


async def test_a_prototype_of_ones_own_writes_other_candidates(scripted_image: Scripted, live: Live) -> None:
    lines = ("candidates = 2", "temperature = 0.1", "opening = '# Be terse.'")
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        for line in lines:
            await life.line(f"psm_prototypes_obj.SYNTHESIZING.{line}")
        await life.line(ASK)
        view = await life.mission("m1")
    requests = asked(view, "candidates")
    assert sum(told["candidates"] for told in requests) == len(view.candidates) == 2
    assert {told["sampling"]["temperature"] for told in requests} == {0.1}
    assert all(told["prompt"].startswith("# Be terse.\n") for told in requests)


UNUSABLE = {
    "DECOMPOSING.prompt = 'Plan $nonsense'": r"psm_prototypes_obj\.DECOMPOSING.*slot prompt",
    "DECOMPOSING.prompt = 3": r"psm_prototypes_obj\.DECOMPOSING.*slot prompt",
    "DELEGATING.pillars = 'SAGE'": r"psm_prototypes_obj\.DELEGATING.*slot pillars",
    "SYNTHESIZING.candidates = 1000": r"psm_prototypes_obj\.SYNTHESIZING.*slot candidates",
    "DELEGATING.next_state = 'NOWHERE'": "NOWHERE.*no such state",
    "DELEGATING.next_state = 'DECOMPOSING'": "gone through 100 states",
    "DECOMPOSING._process_synthesis_ = 3": "",
}


@pytest.mark.parametrize("line", [line for line, words in UNUSABLE.items() if words])
async def test_a_prototype_that_cannot_be_used_fails_the_mission_and_is_named(
    scripted_image: Scripted, live: Live, line: str
) -> None:
    async with live(scripted_image(script_of(BODIES)), **COUNCIL) as life:
        await life.line(MAKE)
        await life.line(f"psm_prototypes_obj.{line}")
        with pytest.raises(MissionFailed, match=UNUSABLE[line]):
            await life.line(TEACH)
        assert await methods(life) == []


DEPTHS = {
    "auto": ("council", "no expert writes methods here"),
    "council": ("council", "mission.depth says so"),
    "straight": ("straight", "to the writing: mission.depth says so"),
}


@pytest.mark.parametrize("depth", DEPTHS)
async def test_the_plan_says_how_deep_a_mission_was_thought_through_and_why(
    scripted_image: Scripted, live: Live, depth: str
) -> None:
    async with live(scripted_image(script_of(BODIES)), mission__depth=depth) as life:
        view = await learned(life)
    assert (view.plan["way"], view.plan["reason"]) == DEPTHS[depth]
    assert bool(asked(view, "plan")) == (depth != "straight")


async def test_no_council_meets_over_a_message_that_only_asks_for_a_slot(
    scripted_image: Scripted, live: Live
) -> None:
    script = script_of({"def funds": ["\n    return self.balance\n"]})
    async with live(scripted_image(script)) as life:
        await life.line(MAKE)
        assert (await life.line("account.funds()  # return the balance")).value == 100
        view = await life.mission("m1")
    assert (view.plan["way"], asked(view, "plan"), view.facets) == ("straight", [], {})
    assert "only asks for a slot" in str(view.plan["reason"])
