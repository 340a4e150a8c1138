"""Synthesis of words: the answer to a question, or the steward's report."""

from __future__ import annotations

from collections.abc import Sequence

from battui.image.objects import UvmObject
from battui.mind.evidence import Evidence, evidence_in, evidence_of_slots, supported
from battui.mind.planning import STEWARD, answer_request, audit_request
from battui.mind.portrait import data_slots
from battui.mind.questions import Question, wording
from battui.mind.states.context import MindContext
from battui.mind.states.straight import STRAIGHT, went_straight
from battui.mind.steps import (
    Excerpt,
    Found,
    Generate,
    Generated,
    Outcome,
    ReadRecord,
    RecordRead,
    Search,
    Step,
)

MOST_QUOTED = 3
MOST_LOOKED = 3
WHOLE = 0.999
"""The share of a question's weight that a slot has which says all that is asked."""


def process(cycle: UvmObject, outcomes: tuple[Outcome, ...], context: MindContext) -> Step:
    """Read the record where it is an audit, look a question up, ask for the words, and keep what can be kept."""
    match outcomes:
        case (RecordRead(record=record),):
            return Step(remember={"record": dict(record)}, effects=(_audit(cycle, dict(record), context),))
        case (Found() as found,):
            return _weigh(cycle, found, context)
        case (Generated(results=(result,)),):
            written = result.candidates[0]
            return _keep(cycle, written.text.strip(), cycle.tokens + written.tokens)
    if cycle.kind == "self_audit":
        return Step(effects=(ReadRecord(),))
    # The plan may know better words for it, but a small model's plan may also know none.
    look_up = [str(words) for words in cycle.plan.get("look_up", ())]
    return Step(effects=(Search((_asked(cycle), *look_up)),))


def _weigh(cycle: UvmObject, looked_up: Found, context: MindContext) -> Step:
    """Ask the model where there is something to answer from, and say that there is nothing where there is not."""
    question = Question(_asked(cycle), looked_up.rarity, cycle.target_name)
    passages, slots = looked_up.passages, data_slots(cycle.target)
    from_slots = evidence_of_slots(question, cycle.target_name, slots)
    found = sorted((*from_slots, *evidence_in(question, passages)), key=lambda each: -each.fit)
    # What the object says of itself in all the words of the question, no page knows better.
    if own := [each for each in from_slots if each.fit >= WHOLE and not question.about_object]:
        found = own
    if not found and looked_up.indexed and _may_ask_the_council(cycle, context):
        return Step(remember={"attempt": cycle.attempt + 1}, next_state="DECOMPOSING")
    if not found:
        words = _unknown(question, passages, [f"{cycle.target_name}.{name}" for name in slots])
        return Step(remember={"reply": words, "sources": []}, next_state="COMPLETE")
    kept = [[each.place, each.text] for each in found[:MOST_QUOTED]]
    asked = answer_request(
        question.text,
        request_id=f"{cycle.mission}.answer",
        slots=slots,
        facets=cycle.facets,
        passages=[f"({each.place}) {each.text}" for each in found if each not in from_slots],
        persona=context.personas[STEWARD],
    )
    return Step(remember={"evidence": kept}, effects=(Generate("answer", (asked,)),))


def _may_ask_the_council(cycle: UvmObject, context: MindContext) -> bool:
    """Whether a plan might still know other words to look for."""
    return went_straight(cycle) and context.settings.depth != STRAIGHT


def _keep(cycle: UvmObject, words: str, tokens: int) -> Step:
    """An audit as it was written; an answer only where what was found says the same, else what was found."""
    remembered: dict[str, object] = {"tokens": tokens}
    if cycle.kind == "self_audit":
        if not words:
            return Step(remember={"failure": "the model had nothing to say"}, next_state="FAILED")
        return Step(remember={**remembered, "reply": words}, report=words, next_state="COMPLETE")
    evidence = [Evidence(str(place), str(text), 0.0) for place, text in cycle._slots.get("evidence", ())]
    question = Question(_asked(cycle), {}, cycle.target_name)
    for each in evidence:
        words = words.replace(f" ({each.place})", "").replace(f"({each.place})", "")
    resting = [each for each in evidence if supported(question, words, [each.text])]
    if not resting and supported(question, words, [each.text for each in evidence]):
        resting = evidence
    shown = resting or evidence[:1]
    if not shown:
        return Step(remember={**remembered, "reply": _unknown(question, (), ())}, next_state="COMPLETE")
    remembered["sources"] = [each.place for each in shown]
    remembered["reply"] = wording("quotation").substitute(
        text=" ".join(words.split()) if resting else shown[0].text,
        place=", ".join(each.place for each in shown),
    )
    return Step(remember=remembered, next_state="COMPLETE")


def _unknown(question: Question, passages: Sequence[Excerpt], slots: Sequence[str]) -> str:
    """That it is not known, which of the question's words stand nowhere, and what was looked at."""
    read = " ".join([text for each in passages for text in (each.text, *each.headings)] + [*slots])
    missing = question.missing_from(read)
    apart = missing or question.missing_from("")
    name = "reason_absent" if missing else "reason_apart" if apart else "reason_silent"
    places = [*(each.place for each in passages[:MOST_LOOKED]), *slots[:MOST_LOOKED]]
    looked = wording("looked" if places else "looked_nowhere").substitute(places=", ".join(places))
    reason = wording(name).substitute(words=", ".join(apart))
    return wording("unknown").substitute(reason=reason, looked=looked)


def _asked(cycle: UvmObject) -> str:
    return str(cycle.mission_brief["question"])


def _audit(cycle: UvmObject, record: dict[str, object], context: MindContext) -> Generate:
    methods = record["methods"]
    told = {**methods, "missions": record["missions"]} if isinstance(methods, dict) else {}
    request = audit_request(
        told, request_id=f"{cycle.mission}.answer", facets=cycle.facets, persona=context.personas[STEWARD]
    )
    return Generate("answer", (request,))
