"""People's decisions about proposed methods: made durable first, then told to the mission that waits for them."""

from __future__ import annotations

from collections.abc import Callable

import trio

from battui.contracts.errors import ApprovalNeeded
from battui.contracts.replies import APPROVAL
from battui.image.world import World
from battui.kernel.transactions.committer import Committer
from battui.mind.approval import decide, decision_of
from battui.mind.cycle import cycle_of
from battui.mind.steps import Approved, Decision


class Approvals:
    """Where missions wait for people. What was decided is in the image, so a restart asks nobody twice."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._decided: dict[str, trio.Event] = {}

    async def decide(self, mission: str, decision: Decision) -> None:
        """Record a decision in a transaction of its own and wake the mission; raises Refused and UsageError."""

        def record(world: World) -> None:
            decide(cycle_of(world, mission), decision)

        verb = "approve" if isinstance(decision, Approved) else "reject"
        await self._committer.perform(f"{verb} {mission}", record, mission=mission)
        self.look(mission)

    def look(self, mission: str) -> None:
        """Tell the mission, if it waits here, that a decision about it is in the image."""
        if mission in self._decided:
            self._decided[mission].set()

    async def decision(self, mission: str, waits: Callable[[], None]) -> Decision:
        """What was decided about the mission's proposal; calls `waits` where it has to be waited for."""
        decided = self._decided[mission] = trio.Event()
        try:
            while (found := await self._committer.perform("read", _reading(mission))) is None:
                if not decided.is_set():
                    waits()
                await decided.wait()
            return found
        finally:
            del self._decided[mission]


def approval_needed(mission: str) -> ApprovalNeeded:
    """The error of a sender whose message has to wait for a person."""
    return ApprovalNeeded(
        f"the mission waits for {APPROVAL}",
        about=mission,
        remedy=f"See it: battui missions show {mission}. Then: battui missions approve {mission}",
    )


def _reading(mission: str) -> Callable[[World], Decision | None]:
    return lambda world: decision_of(cycle_of(world, mission))
