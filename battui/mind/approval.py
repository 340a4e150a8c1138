"""A candidate that waits for a person: what a cycle proposes, and what was decided about it.

Both stand in the cycle as plain values, so that neither is lost when battui ends. Cycles of older images lack the
slots.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from battui.contracts.errors import Refused, UsageError
from battui.contracts.values import Value
from battui.image.objects import UvmObject
from battui.mind.choice import Candidate
from battui.mind.cycle import state_of
from battui.mind.steps import Approved, Decision, Rejected

NOTHING_PROPOSED: dict[str, None] = {"proposal": None, "decision": None}
"""Slots of a cycle that waits for nobody."""


def proposal_of(candidate: Candidate) -> dict[str, Any]:
    """The candidate as a slot holds it."""
    return {**asdict(candidate), "findings": list(candidate.findings)}


def fate_of(
    cycle: UvmObject, candidate: Candidate, chosen: bool, *, edited: bool = False
) -> dict[str, Value]:
    """What became of a candidate, as the mission keeps it; `edited` marks one that a person wrote."""
    fields = asdict(candidate)
    kept: dict[str, Value] = {
        name: fields[name] for name in ("index", "source", "verdict", "accepted", "ran", "met")
    }
    fate = {**kept, "attempt": cycle.attempt, "chosen": chosen, "survived": candidate.survived}
    return {**fate, "edited": True} if edited else fate


def proposed(cycle: UvmObject) -> Candidate | None:
    """The candidate that the cycle proposes, decided about or not."""
    proposal = cycle._slots.get("proposal")
    return None if proposal is None else Candidate(**{**proposal, "findings": tuple(proposal["findings"])})


def awaiting(cycle: UvmObject) -> Candidate | None:
    """The candidate about which a person still has to decide."""
    if decision_of(cycle) is not None or state_of(cycle) in ("COMPLETE", "FAILED"):
        return None
    return proposed(cycle)


def decision_of(cycle: UvmObject) -> Decision | None:
    """What was decided and is still to be followed."""
    decision = cycle._slots.get("decision")
    if decision is None:
        return None
    return Approved() if decision["approved"] else Rejected(decision["reason"])


def rejections(cycle: UvmObject) -> list[tuple[str, str]]:
    """What was rejected in this mission, by the hash of its tree, and why."""
    return [(tree_hash, reason) for tree_hash, reason in cycle._slots.get("rejected") or ()]


def decide(cycle: UvmObject, decision: Decision) -> None:
    """Record a person's decision; the caller's transaction makes it durable.

    Raises Refused where the cycle proposes nothing or was decided about already, and UsageError for a rejection
    without a reason.
    """
    mission = cycle.mission
    if decision_of(cycle) is not None:
        raise Refused(
            "this has been decided already", about=mission, remedy=f"See: battui missions show {mission}"
        )
    if awaiting(cycle) is None:
        raise Refused(
            "this mission waits for no approval", about=mission, remedy="See: battui missions list --open"
        )
    reason = decision.reason.strip() if isinstance(decision, Rejected) else ""
    if isinstance(decision, Rejected) and not reason:
        raise UsageError(
            "a rejection needs a reason", about=mission, remedy="Say what the method should do instead."
        )
    cycle.decision = {"approved": isinstance(decision, Approved), "reason": reason}
