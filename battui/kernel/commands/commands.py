"""Every command that a front end can give, and what performs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias, TypeVar

import trio

from battui.contracts.commands import (
    ApproveMission,
    CancelMission,
    Command,
    EditMethod,
    EditMission,
    InitiateCycle,
    ListHistory,
    ListMissions,
    ListObjects,
    Once,
    PackImage,
    Read,
    RejectMission,
    RetryMission,
    SettleFinding,
    ShowMethod,
    ShowMission,
    ShowObject,
    ShowStats,
    ShowStatus,
    Teach,
    Undo,
)
from battui.contracts.documents import CatalogCommand, ListDocuments
from battui.contracts.errors import UsageError
from battui.contracts.methods import FindSelector
from battui.contracts.models import ListAdapters, ListModels, ModelCommand
from battui.contracts.personas import PersonaCommand
from battui.contracts.replies import (
    Answer,
    HistoryList,
    KernelStats,
    KernelStatus,
    MissionList,
    MissionView,
    Reply,
)
from battui.image.history import list_history, take_back
from battui.image.image import Image
from battui.image.packing import pack
from battui.image.receipts import Receipt
from battui.image.world import World, oid_of
from battui.kernel.commands.catalog_commands import CatalogCommands
from battui.kernel.commands.initiation import line_of
from battui.kernel.commands.lessons import begin_lesson
from battui.kernel.commands.lines import Lines
from battui.kernel.commands.model_commands import ModelCommands
from battui.kernel.commands.persona_commands import perform_persona_command
from battui.kernel.commands.reading import method_story, mission_view, object_list, object_view
from battui.kernel.commands.revisions import begin_revision
from battui.kernel.commands.selectors import selector_uses
from battui.kernel.commands.stats import mission_counts
from battui.kernel.events.bus import Bus
from battui.kernel.heartbeat import begin_audit
from battui.kernel.messages.dispatch import Parked
from battui.kernel.messages.installation import uninstall
from battui.kernel.messages.receipts import KeyedCommitter, Receipts
from battui.kernel.missions.findings import settle_finding
from battui.kernel.missions.missions import Missions
from battui.kernel.transactions.committer import Committer
from battui.mind.cycle import active_cycles, cycle_of
from battui.mind.provenance import provenance_view
from battui.mind.steps import Approved, Rejected

T = TypeVar("T")
Look: TypeAlias = (
    ShowObject
    | ShowMethod
    | FindSelector
    | ListObjects
    | ListMissions
    | ShowMission
    | ListHistory
    | ShowStatus
    | ShowStats
)


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
        models: ModelCommands,
        catalog: CatalogCommands,
        stats: Callable[[Mapping[str, int]], KernelStats],
    ) -> None:
        self._stats = stats
        self._models = models
        self._catalog = catalog
        self._image = image
        self._committer = committer
        self._lines = lines
        self._missions = missions
        self._bus = bus
        self._status = status
        self._receipts = Receipts(image, committer)

    async def perform(self, command: Command) -> Reply:
        """Perform one command; raises BattuiError."""
        match command:
            case Once(command=looking) if isinstance(
                looking, Look | Read | ListModels | ListAdapters | ListDocuments
            ):
                return await self.perform(looking)
            case Once():
                return await self._receipts.perform(command, self._perform, self._replay)
        return await self._perform(command, self._committer)

    async def _perform(self, command: Command, committer: Committer | KeyedCommitter) -> Reply:
        """Perform a command; `committer` makes the transactions with which a line, lesson or cycle is done."""
        if isinstance(command, Look):
            return await self._look(command)
        if isinstance(command, ModelCommand | CatalogCommand | PersonaCommand):
            return await self._furnish(command, committer)
        match command:
            case RetryMission() | CancelMission() | ApproveMission() | RejectMission() | EditMission():
                await self._order(command)
                return await self._read(lambda world: self._mission(world, command.mission))
            case EditMethod() | SettleFinding():
                mission = await self._improve(command)
                return await self._read(lambda world: self._mission(world, mission))
            case Teach():
                return await self._teach(command, committer)
            case InitiateCycle():
                return await self._initiate(command, committer)
            case Undo(target=target):
                return await self._undo(target)
            case PackImage(days=days):
                return await self._pack(days)
            case Once():
                raise UsageError("a command has one key", about=command.key)
        return await self._lines.by(committer).perform(command)

    async def _furnish(
        self, command: ModelCommand | CatalogCommand | PersonaCommand, committer: Committer | KeyedCommitter
    ) -> Reply:
        """Bring in, or take out, what missions think with."""
        if isinstance(command, ModelCommand):
            return await self._models.perform(command)
        if isinstance(command, CatalogCommand):
            return await self._catalog.perform(command, committer)
        return await perform_persona_command(command, committer)

    async def _look(self, command: Look) -> Reply:
        match command:
            case ShowObject(path=path):
                return await self._read(lambda world: object_view(world, path))
            case ShowMethod(path=path):
                return await self._read(lambda world: method_story(world, path))
            case FindSelector():
                return await self._read(lambda world: selector_uses(world, command))
            case ListObjects():
                return await self._read(lambda world: object_list(world, command))
            case ListMissions():
                return await self._read(lambda world: self._mission_list(world, command))
            case ShowMission(mission=mission):
                return await self._read(lambda world: self._mission(world, mission))
            case ListHistory():
                return await self._history(command)
            case ShowStatus():
                return await self._read(self._status)
            case ShowStats():
                return self._stats(await self._read(mission_counts))

    async def _replay(self, command: Command, receipt: Receipt) -> Reply:
        """The reply of a command that was done before: its answer, or how the mission that it began stands."""
        match command:
            case RetryMission() | CancelMission() | ApproveMission() | RejectMission():
                return await self._read(lambda world: self._mission(world, command.mission))
        if isinstance(command, ModelCommand):
            return await self._models.view(command)
        if receipt.number < 0:
            return Answer(receipt.value, receipt.text, receipt.mission, receipt.learned)
        wait = getattr(command, "wait", False)
        return await self._missions.follow(Parked(receipt.mission, receipt.number), wait=wait)

    async def _order(
        self, command: RetryMission | CancelMission | ApproveMission | RejectMission | EditMission
    ) -> None:
        match command:
            case RetryMission(mission=mission):
                await self._missions.retry(mission)
            case CancelMission(mission=mission):
                await self._missions.cancel(mission)
            case ApproveMission(mission=mission):
                await self._missions.decide(mission, Approved())
            case RejectMission(mission=mission, reason=reason):
                await self._missions.decide(mission, Rejected(reason))
            case EditMission(mission=mission, source=source):
                await self._missions.edit(mission, source)

    async def _initiate(self, command: InitiateCycle, committer: Committer | KeyedCommitter) -> Answer:
        line = line_of(command)
        if line is not None:
            return await self._lines.by(committer).perform(line)
        answer = await committer.perform(
            f"audit {command.path}", lambda world: begin_audit(world, command.path)
        )
        self._missions.take_up(answer.mission)
        return answer

    async def _teach(self, teach: Teach, committer: Committer | KeyedCommitter) -> Answer:
        note = f"teach {teach.path}.{teach.selector}"
        parked = await committer.perform(note, lambda world: begin_lesson(world, teach))
        return await self._missions.follow(parked, wait=teach.wait)

    async def _improve(self, command: EditMethod | SettleFinding) -> str:
        """Follow a person who improves the image; the mission that has to do with it."""
        if isinstance(command, EditMethod):
            return await self._revise(command)
        note = f"{'accept' if command.accepted else 'dismiss'} finding {command.mission}"
        await self._committer.perform(note, lambda world: settle_finding(world, command))
        self._bus.announce("mission", note, mission=command.mission, data={"state": "settled"})
        return command.mission

    async def _revise(self, command: EditMethod) -> str:
        note = f"edit {command.path}"
        mission = await self._committer.perform(note, lambda world: begin_revision(world, command))
        try:
            await self._missions.edit(mission, command.source)
        finally:
            # It has ended before it began, unless the source came through.
            self._bus.announce("mission", note, mission=mission, data={"state": "edited"})
        return mission

    async def _read(self, work: Callable[[World], T]) -> T:
        return await trio.to_thread.run_sync(self._image.read, work)

    def _mission(self, world: World, mission: str) -> MissionView:
        cycle = cycle_of(world, mission)
        view = mission_view(world, cycle, self._missions.waits_for(mission))
        return replace(view, provenance=provenance_view(cycle))

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

    async def _pack(self, days: float) -> Answer:
        """Pack the image; the answer says of how many bytes of records how many are left."""
        before, after = await trio.to_thread.run_sync(pack, self._image, days)
        self._bus.announce("kernel", f"packed: {before} bytes of records became {after}")
        return Answer({"before": before, "after": after}, f"packed: {before:,} bytes became {after:,}")

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
        await self._models.refresh()
        self._bus.announce("object", f"undone: {target}", mission=mission)
        return Answer(entry.transaction, f"undone; to redo: battui undo {entry.transaction}", mission)
