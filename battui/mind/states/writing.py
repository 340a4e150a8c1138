"""Synthesis of a method: candidates are written, tried, and the best survivor is installed, or proposed first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from battui.contracts import generation
from battui.contracts.generation import GenerationRequest, GenerationResult
from battui.contracts.settings import MissionSettings
from battui.contracts.values import Value
from battui.image.objects import UvmObject
from battui.image.world import oid_of, wire
from battui.mind.approval import NOTHING_PROPOSED, proposed
from battui.mind.briefs import MethodBrief, WorkedExample
from battui.mind.expectations import came_too_late, expectation_of, is_judged, leading
from battui.mind.portrait import data_slots, understood
from battui.mind.provenance import origins_of
from battui.mind.states.context import MindContext
from battui.mind.states.prototype import opening_in, settings_in
from battui.mind.states.straight import is_facet
from battui.mind.states.weighing import choose, is_first_look, take_back
from battui.mind.steps import (
    Approved,
    AwaitApproval,
    Generate,
    Generated,
    Outcome,
    Recall,
    Recalled,
    Rejected,
    Step,
    Tried,
    TryCandidates,
)
from battui.mind.synthesis import method_requests, method_source, wrote_nothing
from battui.mind.warrant import installation


def process(cycle: UvmObject, outcomes: tuple[Outcome, ...], context: MindContext) -> Step:
    """Write, try, choose; once more with the reasons of the failure, as often as the settings allow."""
    context = replace(context, settings=settings_in(cycle, context.settings))
    match outcomes:
        case (Generated(results=results),):
            return _try_drafts(cycle, results)
        case (Tried(candidates=candidates, senders=seen),) if not came_too_late(cycle, seen):
            return choose(cycle, candidates, context)
        case (Recalled(examples=examples),):
            requests = _requests(cycle, context, examples)
            shown = [f"{example.selector}: {example.intent}" for example in examples]
            return Step(remember={"examples": shown}, effects=(Generate("candidates", requests),))
        case (Approved(),) if (chosen := proposed(cycle)) is not None:
            install = installation(cycle, chosen, len(cycle.fates), approved=True)
            return Step(remember=NOTHING_PROPOSED, install=install)
        case (Rejected(reason=reason),) if (refused := proposed(cycle)) is not None:
            return take_back(cycle, refused, reason, context)
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
        expectation=expectation_of(cycle, leading(cycle)),
        slots=data_slots(cycle.target),
        understood=understood(cycle.target),
        advice=tuple(text for text in cycle.facets.values() if text),
        feedback=tuple(cycle.feedback),
        facet=is_facet(cycle),
    )


def arguments_of(cycle: UvmObject) -> dict[str, Value]:
    """The arguments of the message that the model is shown, as values."""
    return {name: wire(value) for name, value in cycle.parked[leading(cycle)]["arguments"].items()}


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
    """What can be judged is looked at first: the greedy candidate, of an expert with what else it holds possible.

    Then come the others; where nothing can be judged, all at once.
    """
    settings, expert = context.settings, context.expert()
    first = is_first_look(cycle, settings)
    others = not first and _looked_once(cycle, settings)
    alone = first and (expert is None or is_facet(cycle))
    return method_requests(
        brief_of(cycle),
        request_id=f"{cycle.mission}.{cycle.attempt}",
        candidates=1 if alone else settings.candidates - others,
        attempt=cycle.attempt,
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        examples=examples,
        constrained=True,
        expert=expert,
        opening=opening_in(cycle),
        judged=is_judged(cycle),
        others=others,
    )


def _looked_once(cycle: UvmObject, settings: MissionSettings) -> bool:
    """Whether the first candidates of the first attempt, but not all, have been tried and found wanting."""
    looked = 0 < len(cycle.fates) < settings.candidates and cycle.attempt == 0
    return is_judged(cycle) and looked


def _try_drafts(cycle: UvmObject, results: Sequence[GenerationResult]) -> Step:
    brief = brief_of(cycle)
    tokens = sum(candidate.tokens for result in results for candidate in result.candidates)
    results = [_unwritten(cycle, brief, result) for result in results]
    drafts = [_draft(brief, candidate) for result in results for candidate in result.candidates]
    remembered = {
        "drafts": drafts,
        "tokens": cycle.tokens + tokens,
        "origins": _origins(cycle, results),
    }
    return Step(remember=remembered, effects=_trial(cycle, drafts).effects)


def _unwritten(cycle: UvmObject, brief: MethodBrief, result: GenerationResult) -> GenerationResult:
    """The result without what the first look has seen already."""
    written = [] if cycle.attempt else cycle._slots.get("written") or []
    fresh = [candidate for candidate in result.candidates if _draft(brief, candidate) not in written]
    return replace(result, candidates=tuple(fresh))


def _draft(brief: MethodBrief, candidate: generation.Generated) -> str:
    return "" if wrote_nothing(candidate) else method_source(brief, candidate)


def _origins(cycle: UvmObject, results: Sequence[GenerationResult]) -> list[dict[str, Value]]:
    """Where each candidate came from, by its number; those of older images are not known."""
    known = list(cycle._slots.get("origins") or ())[: len(cycle.fates)]
    unknown: list[dict[str, Value]] = [{}] * (len(cycle.fates) - len(known))
    return [*known, *unknown, *origins_of(results)]


def _trial(cycle: UvmObject, drafts: list[str]) -> Step:
    return Step(effects=(TryCandidates(tuple(drafts), len(cycle.fates)),))
