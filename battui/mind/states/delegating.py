"""DELEGATING: the facets that the plan names are asked, all at once."""

from __future__ import annotations

from collections.abc import Sequence

from battui.contracts.generation import GenerationRequest, GenerationResult
from battui.image.objects import UvmObject
from battui.mind.briefs import Plan
from battui.mind.planning import facet_requests
from battui.mind.portrait import data_slots
from battui.mind.prompts import template
from battui.mind.states.context import MindContext
from battui.mind.states.prototype import pillars_in, prompt_in
from battui.mind.states.subject import title_of, wanted_of
from battui.mind.steps import Generate, Generated, Outcome, Step


def process(cycle: UvmObject, outcomes: tuple[Outcome, ...], context: MindContext) -> Step:
    """Ask, and keep what was said. A plan that names nobody needs no asking."""
    match outcomes:
        case (Generated(results=results),):
            return Step(remember=_said(cycle, results), next_state="SYNTHESIZING")
    requests = _requests(cycle, context)
    if not requests:
        return Step(next_state="SYNTHESIZING")
    return Step(effects=(Generate("facet", requests),))


def _requests(cycle: UvmObject, context: MindContext) -> tuple[GenerationRequest, ...]:
    plan = Plan(
        cycle.plan["strategy"],
        pillars_in(cycle) or tuple(cycle.plan["pillars"]),
        cycle.plan["sub_questions"],
        tuple(cycle.plan["look_up"]),
    )
    wording = prompt_in(cycle, template("plan")["facet_user"])
    return tuple(
        request
        for persona in context.personas.values()
        for request in facet_requests(
            plan,
            request_id=f"{cycle.mission}.facet",
            title=title_of(cycle),
            wanted=wanted_of(cycle),
            slots=data_slots(cycle.target),
            persona=persona,
            wording=wording,
        )
    )


def _said(cycle: UvmObject, results: Sequence[GenerationResult]) -> dict[str, object]:
    """What each facet said, by its name: the last part of its request's id."""
    facets = {result.id.rpartition(".")[2]: " ".join(result.candidates[0].text.split()) for result in results}
    tokens = sum(result.candidates[0].tokens for result in results)
    # A state that was put in between asks more of them.
    facets = {**cycle.facets, **facets}
    return {"facets": facets, "tokens": cycle.tokens + tokens}
