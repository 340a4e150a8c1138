"""A method that a person writes for a mission: what they start from, and how the mission takes it up."""

from __future__ import annotations

from battui.contracts.errors import Refused
from battui.image.objects import UvmObject
from battui.mind.approval import awaiting, decision_of, fate_of, proposal_of
from battui.mind.choice import Candidate
from battui.mind.cycle import state_of
from battui.mind.failing import best_fate
from battui.mind.lessons import asks_for_method
from battui.mind.steps import TryCandidates


def draft_of(cycle: UvmObject) -> str:
    """The source that a person goes on from: the proposal, the best candidate, or the head of the method alone.

    Empty where the mission is not for a method, or has found one.
    """
    if not asks_for_method(cycle) or cycle.installed is not None:
        return ""
    if (proposal := awaiting(cycle)) is not None:
        return proposal.source
    if (nearest := best_fate(cycle.fates)) is not None:
        return str(nearest["source"])
    # A budget may run out between the writing and the trial.
    untried = [str(draft) for draft in cycle.drafts if str(draft).strip()]
    return untried[0] if untried else _head(cycle)


def require_editable(cycle: UvmObject) -> None:
    """Raise Refused unless a person's method could be this mission's."""
    mission = cycle.mission
    if not asks_for_method(cycle):
        raise Refused("this mission is not for a method", about=mission, remedy="Ask again in other words.")
    if cycle.installed is not None:
        raise Refused(
            "this mission has installed its method",
            about=mission,
            remedy=f"Take it back first: battui undo {mission}",
        )
    if decision_of(cycle) is not None or (state_of(cycle) != "FAILED" and awaiting(cycle) is None):
        raise Refused(
            "the mission is still being thought about",
            about=mission,
            remedy=f"Wait for it, or cancel it: battui missions cancel {mission}",
        )


def trial_of_edit(cycle: UvmObject, source: str) -> TryCandidates:
    """What guardian and cell are to say of the person's source; raises Refused where the mission takes none."""
    require_editable(cycle)
    return TryCandidates((source,), len(cycle.fates))


def adopt(cycle: UvmObject, candidate: Candidate) -> None:
    """Keep what a person wrote among the candidates and, where it came through, as what is approved already."""
    require_editable(cycle)
    survived = candidate.survived
    earlier = [{**fate, "chosen": False} if survived else fate for fate in cycle.fates]
    cycle.fates = [*earlier, fate_of(cycle, candidate, survived, edited=True)]
    if survived:
        cycle.proposal = proposal_of(candidate)
        cycle.decision = {"approved": True, "reason": ""}


def _head(cycle: UvmObject) -> str:
    mandate = cycle.mission_brief
    head = f"def {mandate['selector']}({', '.join(('self', *mandate['parameters']))}):"
    return f"{head}\n    raise NotImplementedError\n"
