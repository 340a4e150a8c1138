"""DECOMPOSING: the steward plans how the mission is to be thought through."""

from __future__ import annotations

from dataclasses import asdict

from battui.image.objects import UvmObject
from battui.mind.planning import parse_plan, plan_request
from battui.mind.portrait import data_slots, understood
from battui.mind.prompts import template
from battui.mind.states.context import MindContext
from battui.mind.states.prototype import prompt_in
from battui.mind.states.straight import COUNCIL, QUESTION, straight_way, why_council
from battui.mind.states.subject import title_of, wanted_of
from battui.mind.steps import Generate, Generated, Outcome, Step


def process(cycle: UvmObject, outcomes: tuple[Outcome, ...], context: MindContext) -> Step:
    """Ask for a plan; with the plan at hand, let the facets be asked. What an expert may know needs no council."""
    match outcomes:
        case (Generated(results=(result,)),):
            written = result.candidates[0]
            plan = asdict(parse_plan(written.text, context.personas))
            plan["pillars"], plan["look_up"] = list(plan["pillars"]), list(plan["look_up"])
            plan["way"], plan["reason"] = COUNCIL, why_council(cycle, context)
            if cycle.kind == QUESTION and cycle.attempt > 0:
                # Other words to look for is all that is missing; what advisers say is no source.
                plan["pillars"], plan["sub_questions"] = [], {}
            remembered = {"plan": plan, "tokens": cycle.tokens + written.tokens}
            return Step(remember=remembered, next_state="DELEGATING")
    if way := straight_way(cycle, context):
        return Step(remember={"plan": way}, next_state="DELEGATING")
    request = plan_request(
        request_id=f"{cycle.mission}.plan",
        title=title_of(cycle),
        wanted=wanted_of(cycle),
        slots=data_slots(cycle.target),
        understood=understood(cycle.target),
        personas=context.personas,
        wording=prompt_in(cycle, template("plan")["plan_user"]),
    )
    return Step(effects=(Generate("plan", (request,)),))
