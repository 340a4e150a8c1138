"""Plans that a babbling model cannot break, and the prompts for facets, answers and audits."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from battui.mind.briefs import Plan
from battui.mind.personas import shipped_personas
from battui.mind.planning import (
    LONGEST_QUESTION,
    MOST_LOOK_UPS,
    MOST_PILLARS,
    STEWARD,
    answer_request,
    audit_request,
    facet_requests,
    parse_plan,
    plan_request,
)

PERSONAS = shipped_personas()
COMPANION = next(persona for persona in PERSONAS.values() if persona.pillars)
SAGE = COMPANION.pillars["SAGE"]


def test_the_plan_is_asked_of_the_steward_in_a_schema() -> None:
    request = plan_request(
        request_id="m1.plan",
        title="deposit_",
        wanted="add amount to balance",
        slots={"balance": 100},
        understood=("clone",),
        personas=PERSONAS,
    )
    system, asked, planned, user = request.messages
    assert system.content == PERSONAS[STEWARD].system_prompt
    assert (asked.role, planned.role) == ("user", "assistant")
    assert parse_plan(planned.content, PERSONAS).pillars, "the example is a plan that can be read"
    assert "add amount to balance" in user.content
    assert "balance = 100" in user.content
    assert request.schema is not None
    assert request.schema["required"] == ["strategy", "pillars", "sub_questions", "look_up"]
    assert request.max_tokens <= 96


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        (
            '{"strategy": "Ask once.", "pillars": ["SAGE"], "sub_questions": {"SAGE": "Why?"}, "look_up": ["money"]}',
            Plan("Ask once.", ("SAGE",), {"SAGE": "Why?"}, ("money",)),
        ),
        (
            'Certainly! {"strategy": "Ask.", "pillars": ["SAGE", "SAGE", "NOBODY"], "look_up": ["a", "b", "c"]} Bye.',
            Plan("Ask.", ("SAGE",), {"SAGE": SAGE.intent}, ("a", "b")),
        ),
        (
            '{"strategy": "Cut short", "pillars": ["SAGE"], "sub_questions": {"SAGE": "What is',
            Plan("Cut short", ("SAGE",), {"SAGE": "What is"}),
        ),
        ('{"strategy": 7, "pillars": 3, "sub_questions": []}', Plan("Proceed without a strategy.")),
    ],
    ids=["as asked", "with chatter and too much", "cut short", "of wrong types"],
)
def test_a_plan_is_read(text: str, plan: Plan) -> None:
    assert parse_plan(text, PERSONAS) == plan


@pytest.mark.parametrize("text", ["", "I am a language model.", "[1, 2]", "{", "{}", "{'strategy': 1}"])
def test_without_a_plan_every_pillar_is_asked_and_the_strategy_says_so(text: str) -> None:
    plan = parse_plan(text, PERSONAS)
    assert plan.pillars == ("SAGE", "SIMPLE_HEART")
    assert "No plan could be read" in plan.strategy


@given(st.text(alphabet='{}[]",:\\ aSAGE1') | st.text())
@example('{"a":' * 3000)
@example('{"strategy": "\\')
def test_any_text_gives_a_bounded_plan(text: str) -> None:
    plan = parse_plan(text, PERSONAS)
    assert plan.strategy
    assert len(plan.strategy) <= LONGEST_QUESTION
    assert len(plan.pillars) <= MOST_PILLARS
    assert set(plan.sub_questions) == set(plan.pillars) <= set(COMPANION.pillars)
    assert len(plan.look_up) <= MOST_LOOK_UPS


def test_each_facet_speaks_with_its_own_system_prompt() -> None:
    plan = Plan("Both.", ("SAGE", "SIMPLE_HEART"), {"SAGE": "What does it rest on?"})
    sage, heart = facet_requests(
        plan, request_id="m1", title="deposit_", wanted="", slots={}, persona=COMPANION
    )
    assert (sage.id, heart.id) == ("m1.SAGE", "m1.SIMPLE_HEART")
    assert sage.messages[0].content == SAGE.system_prompt != heart.messages[0].content
    assert "What does it rest on?" in sage.messages[1].content
    assert COMPANION.pillars["SIMPLE_HEART"].intent in heart.messages[1].content
    assert not facet_requests(
        plan, request_id="m1", title="x", wanted="", slots={}, persona=PERSONAS[STEWARD]
    )


def test_an_answer_is_asked_from_slots_facets_and_passages() -> None:
    request = answer_request(
        "Is it overdrawn?",
        request_id="m2",
        slots={"balance": -3},
        facets={"SAGE": "Debt is time.", "SIMPLE_HEART": " "},
        passages=("An account below zero\nis overdrawn.",),
        persona=PERSONAS[STEWARD],
    )
    asked = request.messages[1].content
    for words in ("balance = -3", "SAGE says: Debt is time.", "below zero is overdrawn.", "Is it overdrawn?"):
        assert words in asked
    assert "SIMPLE_HEART" not in asked


def test_an_audit_shows_the_record_a_line_each() -> None:
    request = audit_request(
        {"deposit_": {"sends": 3, "failures": 1, "seconds": 0.5}, "missions": 2},
        request_id="m3",
        facets={},
        persona=PERSONAS[STEWARD],
    )
    assert "deposit_: sends = 3, failures = 1, seconds = 0.5\nmissions: 2" in request.messages[1].content
