"""Synthesis of words: the answer to a question, or the steward's report."""

from __future__ import annotations

from battui.image.objects import UvmObject
from battui.mind.planning import STEWARD, answer_request, audit_request
from battui.mind.portrait import data_slots
from battui.mind.states.context import MindContext
from battui.mind.steps import Generate, Generated, Outcome, ReadRecord, RecordRead, Step


def process(cycle: UvmObject, outcomes: tuple[Outcome, ...], context: MindContext) -> Step:
    """Read the record where it is an audit, ask for the words, and keep them."""
    match outcomes:
        case (RecordRead(record=record),):
            return Step(remember={"record": dict(record)}, effects=(_audit(cycle, dict(record), context),))
        case (Generated(results=(result,)),):
            return _keep(cycle, result.candidates[0].text.strip(), result.candidates[0].tokens)
    if cycle.kind == "self_audit":
        return Step(effects=(ReadRecord(),))
    return Step(effects=(_question(cycle, context),))


def _question(cycle: UvmObject, context: MindContext) -> Generate:
    request = answer_request(
        cycle.mission_brief["question"],
        request_id=f"{cycle.mission}.answer",
        slots=data_slots(cycle.target),
        facets=cycle.facets,
        passages=(),
        persona=context.personas[STEWARD],
    )
    return Generate("answer", (request,))


def _audit(cycle: UvmObject, record: dict[str, object], context: MindContext) -> Generate:
    methods = record["methods"]
    told = {**methods, "missions": record["missions"]} if isinstance(methods, dict) else {}
    request = audit_request(
        told, request_id=f"{cycle.mission}.answer", facets=cycle.facets, persona=context.personas[STEWARD]
    )
    return Generate("answer", (request,))


def _keep(cycle: UvmObject, words: str, tokens: int) -> Step:
    if not words:
        return Step(remember={"failure": "the model had nothing to say"}, next_state="FAILED")
    return Step(
        remember={"reply": words, "tokens": cycle.tokens + tokens},
        report=words if cycle.kind == "self_audit" else "",
        next_state="COMPLETE",
    )
