"""What becomes of candidates that were tried: one is installed or proposed, or the next attempt is told why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from battui.contracts.settings import MissionSettings
from battui.image.objects import UvmObject
from battui.mind.approval import NOTHING_PROPOSED, fate_of, proposal_of, rejections
from battui.mind.choice import Candidate, best, distinct
from battui.mind.expectations import is_judged
from battui.mind.failing import asked_for_forbidden, failure_of, hopeless
from battui.mind.states.context import MindContext
from battui.mind.states.straight import is_facet, went_straight
from battui.mind.steps import AwaitApproval, Step
from battui.mind.warrant import installation


def choose(cycle: UvmObject, candidates: Sequence[Candidate], context: MindContext) -> Step:
    """Install the best survivor, or propose it; where there is none, begin another attempt, or fail."""
    judged = [_unless_forbidden(cycle, _unless_rejected(cycle, candidate)) for candidate in candidates]
    chosen = best(distinct(judged))
    number = None if chosen is None else chosen.index
    fates = [*cycle.fates, *(fate_of(cycle, candidate, candidate.index == number) for candidate in judged)]
    # Whoever has rejected one candidate wants to see the next, whatever the settings of this run are.
    asking = context.settings.approval == "ask" or bool(rejections(cycle))
    if chosen is not None and asking:
        remembered = {"fates": fates, "proposal": proposal_of(chosen)}
        return Step(remember=remembered, effects=(AwaitApproval(),))
    if chosen is not None:
        return Step(remember={"fates": fates}, install=installation(cycle, chosen, len(fates)))
    reasons = [candidate.verdict for candidate in judged]
    looking = is_first_look(cycle, context.settings) and len(judged) < context.settings.candidates
    if looking and not hopeless(cycle):
        looked = {"fates": fates, "drafts": [], "written": list(cycle.drafts), "feedback": reasons}
        return Step(remember=looked)
    wishes = [reason for _, reason in rejections(cycle)]
    return _again(cycle, fates, [*wishes, *reasons[:4]], failure_of(cycle, fates), context)


def take_back(cycle: UvmObject, refused: Candidate, reason: str, context: MindContext) -> Step:
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


def is_first_look(cycle: UvmObject, settings: MissionSettings) -> bool:
    """Whether the likeliest candidates are written and tried before the others, because they can be judged."""
    return is_judged(cycle) and not cycle.fates and settings.candidates > 1


def _unless_rejected(cycle: UvmObject, candidate: Candidate) -> Candidate:
    """Nobody is asked again about what a person has rejected in this mission."""
    if not candidate.survived or candidate.tree_hash not in dict(rejections(cycle)):
        return candidate
    return replace(candidate, ran=False, verdict=f"{candidate.verdict}; rejected before")


def _unless_forbidden(cycle: UvmObject, candidate: Candidate) -> Candidate:
    """What only pretends to do what no method may do is no answer; what meets an expectation is one."""
    what, _ = asked_for_forbidden(cycle.mission_brief["intent"])
    if not what or candidate.met or not candidate.survived or is_facet(cycle):
        return candidate
    return replace(candidate, ran=False, verdict=f"{candidate.verdict}; but no method has {what}")


def _again(
    cycle: UvmObject, fates: Sequence[Any], feedback: list[str], failure: str, context: MindContext
) -> Step:
    """Begin the next attempt, or fail where there is none, or none would help."""
    attempt = cycle.attempt + 1
    if attempt < context.settings.attempts and not hopeless(cycle):
        remembered = {"fates": fates, "drafts": [], "attempt": attempt, "feedback": feedback}
        return Step(remember=remembered, next_state="DECOMPOSING" if went_straight(cycle) else "")
    return Step(remember={"fates": fates, "failure": failure}, next_state="FAILED")
