"""What a heartbeat's audit has found, and what a person decided about it."""

from __future__ import annotations

import time

from battui.contracts.commands import SettleFinding
from battui.contracts.errors import Refused
from battui.image.objects import UvmObject
from battui.image.world import World
from battui.mind.cycle import cycle_of, state_of

AUDIT = "self_audit"


def settled_of(cycle: UvmObject) -> str:
    """What was decided about an audit's findings; empty for what was not, and for all other missions."""
    return str(cycle._slots.get("settled") or "")


def settle_finding(world: World, command: SettleFinding) -> None:
    """Note the decision with the mission and with the report that its object keeps.

    Raises Refused where there is nothing to decide about: no audit, none that has ended well, or a settled one.
    """
    cycle = cycle_of(world, command.mission)
    if cycle.kind != AUDIT or state_of(cycle) != "COMPLETE":
        raise Refused(
            "this mission has found nothing to decide about",
            about=command.mission,
            remedy="Only what a heartbeat's audit has found is accepted or dismissed.",
        )
    if settled_of(cycle):
        raise Refused("this has been decided already", about=command.mission, remedy=settled_of(cycle))
    cycle.settled = "accepted" if command.accepted else "dismissed"
    decision = {"decision": cycle.settled, "decided_at": time.time()}
    cycle.target.audits = [
        {**report, **decision} if report.get("mission") == cycle.mission else report
        for report in cycle.target.audits
    ]
