"""Every command that a front end can give, and what performs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import trio

from battui.contracts.commands import (
    ApproveMission,
    CancelMission,
    Command,
    ListHistory,
    ListMissions,
    ListObjects,
    RejectMission,
    RetryMission,
    ShowMission,
    ShowObject,
    ShowStatus,
    Teach,
    Undo,
)
from battui.contracts.replies import Answer, HistoryList, KernelStatus, MissionList, MissionView, Reply
from battui.image.history import list_history, take_back
from battui.image.image import Image
from battui.image.world import World, oid_of
from battui.kernel.bus import Bus
from battui.kernel.committer import Committer
from battui.kernel.installation import uninstall
from battui.kernel.lessons import begin_lesson
from battui.kernel.lines import Lines
from battui.kernel.missions import Missions
from battui.kernel.reading import mission_view, object_list, object_view
from battui.mind.cycle import active_cycles, cycle_of
from battui.mind.steps import Approved, Rejected

T = TypeVar("T")


class Commands:
    """The kernel's side of the portal."""

    def __init__(
        self,
        *,
        image: Image,
        lines: Lines,
        missions: Missions,
        committer: Committer,
        bus: Bus,
        status: Callable[[World], KernelStatus],
    ) -> None:
        self._image = image
        self._committer = committer
        self._lines = lines
        self._missions = missions
        self._bus = bus
        self._status = status

    async def perform(self, command: Command) -> Reply:
        """Perform one command; raises BattuiError."""
        match command:
            case ShowObject(path=path):
                return await self._read(lambda world: object_view(world, path))
            case ListObjects():
                return await self._read(object_list)
            case ListMissions():
                return await self._read(lambda world: self._mission_list(world, command))
            case ShowMission(mission=mission):
                return await self._read(lambda world: self._mission(world, mission))
            case RetryMission() | CancelMission() | ApproveMission() | RejectMission():
                await self._order(command)
                return await self._read(lambda world: self._mission(world, command.mission))
            case Teach():
                return await self._teach(command)
            case ListHistory():
                return await self._history(command)
            case Undo(target=target):
                return await self._undo(target)
            case ShowStatus():
                return await self._read(self._status)
        return await self._lines.perform(command)

    async def _order(self, command: RetryMission | CancelMission | ApproveMission | RejectMission) -> None:
        match command:
            case RetryMission(mission=mission):
                await self._missions.retry(mission)
            case CancelMission(mission=mission):
                await self._missions.cancel(mission)
            case ApproveMission(mission=mission):
                await self._missions.decide(mission, Approved())
            case RejectMission(mission=mission, reason=reason):
                await self._missions.decide(mission, Rejected(reason))

    async def _teach(self, teach: Teach) -> Answer:
        note = f"teach {teach.path}.{teach.selector}"
        parked = await self._committer.perform(note, lambda world: begin_lesson(world, teach))
        return await self._missions.follow(parked, wait=teach.wait)

    async def _read(self, work: Callable[[World], T]) -> T:
        return await trio.to_thread.run_sync(self._image.read, work)

    def _mission(self, world: World, mission: str) -> MissionView:
        return mission_view(world, cycle_of(world, mission), self._missions.waits_for(mission))

    def _mission_list(self, world: World, command: ListMissions) -> MissionList:
        if command.only_open:
            cycles = list(active_cycles(world))
        else:
            cycles = [world.missions[number] for number in world.missions.keys()]  # noqa: SIM118 - a BTree
        newest = sorted(cycles, key=lambda cycle: int(cycle.mission[1:]), reverse=True)[: command.limit]
        return MissionList(
            tuple(mission_view(world, cycle, self._missions.waits_for(cycle.mission)) for cycle in newest)
        )

    async def _history(self, command: ListHistory) -> HistoryList:
        path = command.path
        oid = None if path is None else await self._read(lambda world: oid_of(world.receiver(path)))
        return HistoryList(await trio.to_thread.run_sync(list_history, self._image, command.limit, oid))

    async def _undo(self, target: str) -> Answer:
        """Take back a mission's installation or a transaction; the answer names the new transaction."""
        mission = target if target[:1] == "m" and target[1:].isdecimal() else ""
        note = f"undo {target}"
        if mission:
            await self._committer.perform(
                note, lambda world: uninstall(world, cycle_of(world, mission)), mission=mission
            )
        else:
            await trio.to_thread.run_sync(take_back, self._image, target, note)
        history = await trio.to_thread.run_sync(list_history, self._image)
        entry = next(entry for entry in history if entry.description == note)
        self._bus.announce("object", f"undone: {target}", mission=mission)
        return Answer(entry.transaction, f"undone; to redo: battui undo {entry.transaction}", mission)
