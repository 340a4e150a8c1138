"""Missions: every open one is a task. A sender follows the one in which its message is parked.

A killed kernel loses nothing but the effects under way: on the next start each open mission goes on from the last
step that was committed.
"""

from __future__ import annotations

from collections.abc import Mapping

import trio

from battui.contracts.errors import MissionFailed, ModelUnavailable, TimedOut
from battui.contracts.replies import APPROVAL, Answer
from battui.kernel.events.bus import Bus
from battui.kernel.messages.dispatch import Parked
from battui.kernel.missions.approvals import approval_needed
from battui.kernel.missions.effects import Effects
from battui.kernel.missions.mission_record import end_early, settled, start_again
from battui.kernel.missions.thinking import Thinking
from battui.kernel.transactions.committer import Committer
from battui.kernel.transactions.ledger import Ledger
from battui.mind.cycle import active_cycles
from battui.mind.states import MindContext, StateFunction
from battui.mind.steps import Decision


class Missions:
    """Owner of the tasks in which missions are thought through."""

    def __init__(
        self,
        *,
        committer: Committer,
        effects: Effects,
        bus: Bus,
        ledger: Ledger,
        context: MindContext,
        functions: Mapping[str, StateFunction],
    ) -> None:
        self._committer = committer
        self._bus = bus
        self._ledger = ledger
        self._timeout_s = context.settings.timeout_s
        self._thinking = Thinking(
            committer=committer,
            effects=effects,
            bus=bus,
            context=context,
            functions=functions,
            tell=self._tell,
        )
        self._nursery: trio.Nursery | None = None
        self._scopes: dict[str, trio.CancelScope] = {}
        self._progress = trio.Event()

    def waits_for(self, mission: str) -> str:
        """What a mission that cannot go on by itself waits for; empty for all others."""
        return self._thinking.waiting.get(mission, "")

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Take up the missions that were open when the image was last closed, then every new one."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            open_ones = await self._committer.perform(
                "read", lambda world: [cycle.mission for cycle in active_cycles(world)]
            )
            for mission in open_ones:
                self._bus.announce("mission", "resumed", mission=mission, data={"state": "resumed"})
                self.take_up(mission)
            task_status.started()
            await trio.sleep_forever()

    def take_up(self, mission: str) -> None:
        """Let a task think about an open mission, if none does."""
        if self._nursery is not None and mission not in self._scopes:
            self._scopes[mission] = trio.CancelScope()
            self._nursery.start_soon(self._think, mission)

    async def follow(self, parked: Parked, *, wait: bool) -> Answer:
        """See a parked message to its answer; without `wait`, answer the mission's id.

        Raises MissionFailed, ModelUnavailable where the mission has to wait for a model, ApprovalNeeded where it
        waits for a person, and TimedOut.
        """
        mission = parked.mission
        self.take_up(mission)
        if not wait:
            return Answer(mission, f"mission {mission}", mission)
        with trio.move_on_after(self._timeout_s):
            while True:
                progress = self._progress
                if (answer := await self._answer(parked)) is not None:
                    return answer
                await progress.wait()
        raise TimedOut(
            f"no answer within {self._timeout_s:g} s",
            about=mission,
            remedy=f"The mission goes on: battui missions show {mission}",
        )

    async def cancel(self, mission: str) -> None:
        """End an open mission; its senders are told."""
        await self._committer.perform(f"cancel {mission}", lambda world: end_early(world, mission))
        if mission in self._scopes:
            self._scopes[mission].cancel()
        self._end(mission, "FAILED", "cancelled")

    async def decide(self, mission: str, decision: Decision) -> None:
        """Follow a person's decision about the mission's proposal; raises Refused where it waits for none."""
        await self._thinking.decide(mission, decision)

    async def edit(self, mission: str, source: str) -> None:
        """Let a mission that has failed, or proposes a method, go on with what a person wrote for it.

        Raises GuardianRefused or Refused where the source does not come through; the mission keeps it.
        """
        await self._thinking.edit(mission, source)
        self.take_up(mission)

    async def retry(self, mission: str) -> None:
        """Start a failed mission again from the beginning."""
        await self._committer.perform(f"retry {mission}", lambda world: start_again(world, mission))
        self.take_up(mission)

    async def _answer(self, parked: Parked) -> Answer | None:
        """The answer, None while there is none; raises where the mission has failed or waits."""
        mission = parked.mission
        found = await self._committer.perform("read", lambda world: settled(world, parked))
        if isinstance(found, Answer):
            return found
        if found:
            raise MissionFailed(found, about=mission, remedy=f"See: battui missions show {mission}")
        reason = self.waits_for(mission)
        if reason == APPROVAL:
            raise approval_needed(mission)
        if reason:
            raise ModelUnavailable(
                f"the mission waits: {reason}",
                about=mission,
                remedy="The message is kept and will be answered then.",
            )
        return None

    async def _think(self, mission: str) -> None:
        try:
            with self._scopes[mission]:
                state, title = await self._thinking.think(mission)
                self._end(mission, state, title)
        finally:
            self._scopes.pop(mission, None)
            self._tell()

    def _end(self, mission: str, state: str, title: str) -> None:
        self._ledger.record_mission(state)
        data = {"state": "ended", "end": state}
        self._bus.announce("mission", f"ended {state}: {title}", mission=mission, data=data)
        self._tell()

    def _tell(self) -> None:
        """Wake everybody who waits for progress of some mission."""
        progress, self._progress = self._progress, trio.Event()
        progress.set()
