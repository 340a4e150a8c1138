"""What a chosen candidate is installed with: its certificate, the trials it came through, and where it came from."""

from __future__ import annotations

from battui.contracts.review import Certificate, Review, TrialRecord
from battui.contracts.values import Value
from battui.guardian import certify
from battui.image.objects import UvmObject
from battui.mind.choice import Candidate
from battui.mind.cycle import provenance
from battui.mind.lessons import cases_in, is_message, trial_of
from battui.mind.provenance import method_origin
from battui.mind.steps import Installation


def certificate_of(cycle: UvmObject, chosen: Candidate) -> Certificate:
    """The proof of a candidate that came through every trial of its mission."""
    sent = any(is_message(cycle, number) for number in range(len(cycle.parked)))
    tried = (TrialRecord("the message that was sent", True, chosen.outcome[:2000]),) if sent else ()
    trials = (*tried, *(trial_of(case) for case in cases_in(cycle)))
    review = Review(True, chosen.source, tree_hash=chosen.tree_hash, selector=cycle.mission_brief["selector"])
    return certify(review, trials)


def installation(
    cycle: UvmObject, chosen: Candidate, candidates: int, *, approved: bool = False
) -> Installation:
    """The candidate as it becomes part of the cycle's target, the best of so many."""
    mandate = cycle.mission_brief
    edited = any(fate.get("edited") for fate in cycle.fates if fate["index"] == chosen.index)
    origin: dict[str, Value] = {
        "candidates": candidates,
        "candidate": chosen.index,
        "attempt": cycle.attempt,
        "approved": approved,
        "edited": edited,
        **method_origin(cycle, chosen.index),
    }
    return Installation(
        selector=mandate["selector"],
        parameters=tuple(mandate["parameters"]),
        source=chosen.source,
        intent=mandate["intent"],
        certificate=certificate_of(cycle, chosen),
        provenance=provenance(cycle, origin),
    )
