"""Synthesis of a method: candidates are written, tried, and the best survivor is installed, or proposed first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from battui.contracts.generation import GenerationRequest, GenerationResult
from battui.contracts.review import Review, TrialRecord
from battui.contracts.values import Value
from battui.guardian import certify
from battui.image.objects import UvmObject
from battui.image.world import oid_of, wire
from battui.mind.approval import NOTHING_PROPOSED, proposal_of, proposed, rejections
from battui.mind.briefs import MethodBrief, WorkedExample
from battui.mind.choice import Candidate, best, distinct
from battui.mind.cycle import provenance
from battui.mind.lessons import cases_in, is_message, trial_of
from battui.mind.portrait import data_slots, understood
from battui.mind.states.context import MindContext
from battui.mind.states.straight import is_facet, went_straight
from battui.mind.steps import (
    Approved,
    AwaitApproval,
    Generate,
    Generated,
    Installation,
    Outcome,
    Recall,
    Recalled,
    Rejected,
    Step,
    Tried,
    TryCandidates,
)
from battui.mind.synthesis import method_requests, method_source


def process(cycle: UvmObject, outcomes: tuple[Outcome, ...], context: MindContext) -> Step:
    """Write, try, choose; once more with the reasons of the failure, as often as the settings allow."""
    match outcomes:
        case (Generated(results=results),):
            return _try_drafts(cycle, results)
        case (Tried(candidates=candidates),):
            return _choose(cycle, candidates, context)
        case (Recalled(examples=examples),):
            return Step(effects=(Generate("candidates", _requests(cycle, context, examples)),))
        case (Approved(),) if (chosen := proposed(cycle)) is not None:
            install = _installation(cycle, chosen, len(cycle.fates), approved=True)
            return Step(remember=NOTHING_PROPOSED, install=install)
        case (Rejected(reason=reason),) if (refused := proposed(cycle)) is not None:
            return _take_back(cycle, refused, reason, context)
    if cycle.installed is not None:
        return Step(next_state="COMPLETE")
    if proposed(cycle) is not None:
        return Step(effects=(AwaitApproval(),))
    if cycle.drafts:
        return _trial(cycle, [str(draft) for draft in cycle.drafts])
    if is_facet(cycle) or context.expert() is not None:
        # Neither is shown methods that were learned.
        return Step(effects=(Generate("candidates", _requests(cycle, context)),))
    return Step(effects=(_recall(cycle),))


def brief_of(cycle: UvmObject) -> MethodBrief:
    """What the model is shown of this mission."""
    mandate = cycle.mission_brief
    return MethodBrief(
        selector=mandate["selector"],
        parameters=tuple(mandate["parameters"]),
        arguments=arguments_of(cycle),
        intent=mandate["intent"],
        expectation=mandate["expectation"],
        slots=data_slots(cycle.target),
        understood=understood(cycle.target),
        advice=tuple(text for text in cycle.facets.values() if text),
        feedback=tuple(cycle.feedback),
        facet=is_facet(cycle),
    )


def arguments_of(cycle: UvmObject) -> dict[str, Value]:
    """The arguments of the first parked message, as values."""
    return {name: wire(value) for name, value in cycle.parked[0]["arguments"].items()}


def _recall(cycle: UvmObject) -> Recall:
    """Ask for methods like this one; an earlier version of itself is no example, it may be why there is a lesson."""
    brief = brief_of(cycle)
    return Recall(
        wanted=" ".join((brief.selector, *brief.parameters, brief.intent, *brief.slots)),
        holder=oid_of(cycle.target),
        selector=brief.selector,
    )


def _requests(
    cycle: UvmObject, context: MindContext, examples: Sequence[WorkedExample] = ()
) -> tuple[GenerationRequest, ...]:
    """The greedy candidate first and alone where it can be judged; else all, or the others, at once."""
    settings = context.settings
    first = _is_first_look(cycle, settings.candidates)
    others = not first and _looked_once(cycle, settings.candidates)
    requests = method_requests(
        brief_of(cycle),
        request_id=f"{cycle.mission}.{cycle.attempt}",
        candidates=1 if first else settings.candidates - others,
        attempt=cycle.attempt,
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        examples=examples,
        constrained=True,
        expert=context.expert(),
    )
    return tuple(replace(request, first_greedy=False) for request in requests) if others else requests


def _is_first_look(cycle: UvmObject, candidates: int) -> bool:
    return _can_be_judged(cycle) and not cycle.fates and candidates > 1


def _looked_once(cycle: UvmObject, candidates: int) -> bool:
    """Whether the greedy candidate of the first attempt has been tried and found wanting."""
    looked = len(cycle.fates) == 1 and cycle.attempt == 0
    return _can_be_judged(cycle) and looked and candidates > 1


def _can_be_judged(cycle: UvmObject) -> bool:
    return bool(cycle.mission_brief["expectation"] or cases_in(cycle))


def _try_drafts(cycle: UvmObject, results: Sequence[GenerationResult]) -> Step:
    brief = brief_of(cycle)
    written = [method_source(brief, candidate) for result in results for candidate in result.candidates]
    drafts = [source for source in written if source.strip()]
    tokens = sum(candidate.tokens for result in results for candidate in result.candidates)
    step = _trial(cycle, drafts)
    return Step(remember={"drafts": drafts, "tokens": cycle.tokens + tokens}, effects=step.effects)


def _trial(cycle: UvmObject, drafts: list[str]) -> Step:
    return Step(effects=(TryCandidates(tuple(drafts), cycle.mission_brief["expectation"], len(cycle.fates)),))


def _choose(cycle: UvmObject, candidates: Sequence[Candidate], context: MindContext) -> Step:
    judged = [_unless_rejected(cycle, candidate) for candidate in candidates]
    chosen = best(distinct(judged))
    number = None if chosen is None else chosen.index
    fates = [*cycle.fates, *(_fate(cycle, candidate, candidate.index == number) for candidate in judged)]
    # Whoever has rejected one candidate wants to see the next, whatever the settings of this run are.
    asking = context.settings.approval == "ask" or bool(rejections(cycle))
    if chosen is not None and asking:
        remembered = {"fates": fates, "proposal": proposal_of(chosen)}
        return Step(remember=remembered, effects=(AwaitApproval(),))
    if chosen is not None:
        return Step(remember={"fates": fates}, install=_installation(cycle, chosen, len(fates)))
    reasons = [candidate.verdict for candidate in judged]
    if _is_first_look(cycle, context.settings.candidates):
        return Step(remember={"fates": fates, "drafts": [], "feedback": reasons})
    wishes = [reason for _, reason in rejections(cycle)]
    return _again(cycle, fates, [*wishes, *reasons[:4]], _failure(reasons), context)


def _unless_rejected(cycle: UvmObject, candidate: Candidate) -> Candidate:
    """Nobody is asked again about what a person has rejected in this mission."""
    if not candidate.survived or candidate.tree_hash not in dict(rejections(cycle)):
        return candidate
    return replace(candidate, ran=False, verdict=f"{candidate.verdict}; rejected before")


def _take_back(cycle: UvmObject, refused: Candidate, reason: str, context: MindContext) -> Step:
    """The proposal was rejected: another attempt is told why, if there is one left."""
    words = f"rejected: {reason}"
    fates = [
        {**fate, "chosen": False, "survived": False, "verdict": f"{fate['verdict']}; {words}"}
        if fate["index"] == refused.index
        else fate
        for fate in cycle.fates
    ]
    rejected = [*rejections(cycle), (refused.tree_hash, reason)]
    step = _again(cycle, fates, [reason for _, reason in rejected], words, context)
    kept = {"rejected": [list(pair) for pair in rejected]}
    return replace(step, remember={**step.remember, **NOTHING_PROPOSED, **kept})


def _again(
    cycle: UvmObject, fates: Sequence[object], feedback: list[str], failure: str, context: MindContext
) -> Step:
    """Begin the next attempt, or fail where there is none."""
    attempt = cycle.attempt + 1
    if attempt < context.settings.attempts:
        remembered = {"fates": fates, "drafts": [], "attempt": attempt, "feedback": feedback}
        return Step(remember=remembered, next_state="DECOMPOSING" if went_straight(cycle) else "")
    return Step(remember={"fates": fates, "failure": failure}, next_state="FAILED")


def _installation(
    cycle: UvmObject, chosen: Candidate, candidates: int, *, approved: bool = False
) -> Installation:
    mandate = cycle.mission_brief
    sent = any(is_message(cycle, number) for number in range(len(cycle.parked)))
    tried = (TrialRecord("the message that was sent", True, chosen.outcome[:2000]),) if sent else ()
    trials = (*tried, *(trial_of(case) for case in cases_in(cycle)))
    review = Review(True, chosen.source, tree_hash=chosen.tree_hash, selector=mandate["selector"])
    origin: dict[str, Value] = {"candidates": candidates, "attempt": cycle.attempt, "approved": approved}
    return Installation(
        selector=mandate["selector"],
        parameters=tuple(mandate["parameters"]),
        source=chosen.source,
        intent=mandate["intent"],
        certificate=certify(review, trials),
        provenance=provenance(cycle, origin),
    )


def _fate(cycle: UvmObject, candidate: Candidate, chosen: bool) -> dict[str, Value]:
    fields = asdict(candidate)
    kept = {name: fields[name] for name in ("index", "source", "verdict", "accepted")}
    return {**kept, "attempt": cycle.attempt, "chosen": chosen, "survived": candidate.survived}


def _failure(reasons: Sequence[str]) -> str:
    if not reasons:
        return "the model wrote no method"
    return f"none of the {len(reasons)} candidates passed; the first: {reasons[0]}"
