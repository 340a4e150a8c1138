"""The autotelic heartbeat: now and then the image's steward audits what the image has been doing."""

from __future__ import annotations

import time

import trio

from battui.contracts.commands import Path
from battui.contracts.errors import BattuiError
from battui.contracts.replies import Answer
from battui.contracts.settings import HeartbeatSettings
from battui.image.world import World
from battui.kernel.events.bus import Bus
from battui.kernel.missions.missions import Missions
from battui.kernel.transactions.committer import Committer
from battui.kernel.transactions.ledger import Ledger
from battui.mind.cycle import Mandate, active_cycles, start_cycle

AUDIT = Mandate("self_audit", selector="perform_efficiency_audit_")


class Heartbeat:
    """Sends ALFRED a `self_audit` mission after a first delay, then once a period."""

    def __init__(
        self, settings: HeartbeatSettings, committer: Committer, missions: Missions, ledger: Ledger, bus: Bus
    ) -> None:
        self._settings = settings
        self._committer = committer
        self._missions = missions
        self._ledger = ledger
        self._bus = bus
        self.next_at = 0.0

    async def run(self) -> None:
        """Beat until cancelled."""
        if not self._settings.enabled:
            return
        await self._pause(self._settings.first_delay_s)
        while True:
            try:
                await self._beat()
            except BattuiError as error:
                self._bus.announce("heartbeat", str(error), level="warning")
            await self._pause(self._settings.period_s)

    async def _beat(self) -> None:
        await self.save_record()
        if await self._committer.perform("heartbeat", _nothing_done):
            return
        mission = await self._committer.perform("heartbeat", _start_audit)
        self._bus.announce("heartbeat", f"audit {mission or 'already under way'}", mission=mission)
        if mission:
            self._missions.take_up(mission)

    async def save_record(self) -> None:
        """Add the record of sends and missions to the image."""
        if not self._ledger.empty():
            await self._ledger.save(self._committer)

    async def _pause(self, seconds: float) -> None:
        self.next_at = time.time() + seconds
        await trio.sleep(seconds)


def _nothing_done(world: World) -> bool:
    """Whether there is nothing to audit: an audit of a new image would only keep the engine from its user."""
    return not world.root["alfred_prototype_obj"]._slots.get("record")


def _start_audit(world: World) -> str:
    """Start an audit and return its mission's id; empty where one is still under way."""
    if any(cycle.kind == "self_audit" for cycle in active_cycles(world)):
        return ""
    cycle = start_cycle(world, world.root["alfred_prototype_obj"], AUDIT, time.time())
    return str(cycle.mission)


def begin_audit(world: World, path: Path) -> Answer:
    """Start an audit of the object at `path`, as somebody has asked for; answer the mission's id."""
    mission = str(start_cycle(world, world.receiver(path), AUDIT, time.time()).mission)
    return Answer(mission, f"mission {mission}", mission)
