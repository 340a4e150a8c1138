"""Synthesis of words: the answer to a question, or the steward's report."""

from __future__ import annotations

from battui.image.objects import UvmObject
from battui.mind.planning import STEWARD, answer_request, audit_request
from battui.mind.portrait import data_slots
from battui.mind.states.context import MindContext
from battui.mind.steps import Found, Generate, Generated, Outcome, ReadRecord, RecordRead, Search, Step


def process(cycle: UvmObject, outcomes: tuple[Outcome, ...], context: MindContext) -> Step:
    """Read the record where it is an audit, look a question up, ask for the words, and keep them."""
    match outcomes:
        case (RecordRead(record=record),):
            return Step(remember={"record": dict(record)}, effects=(_audit(cycle, dict(record), context),))
        case (Found(passages=passages),):
            sources = [place for place, _ in passages]
            return Step(remember={"sources": sources}, effects=(_question(cycle, passages, context),))
        case (Generated(results=(result,)),):
            return _keep(cycle, result.candidates[0].text.strip(), result.candidates[0].tokens)
    if cycle.kind == "self_audit":
        return Step(effects=(ReadRecord(),))
    # The plan may know better words for it, but a small model's plan may also know none.
    look_up = [str(words) for words in cycle.plan.get("look_up", ())]
    return Step(effects=(Search((str(cycle.mission_brief["question"]), *look_up)),))


def _question(cycle: UvmObject, passages: tuple[tuple[str, str], ...], context: MindContext) -> Generate:
    request = answer_request(
        cycle.mission_brief["question"],
        request_id=f"{cycle.mission}.answer",
        slots=data_slots(cycle.target),
        facets=cycle.facets,
        passages=[f"({place}) {text}" for place, text in passages],
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
