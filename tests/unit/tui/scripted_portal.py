"""A portal with a small world of its own: enough to drive the terminal as a user would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import ClassVar

from battui.contracts.commands import (
    ApproveMission,
    Ask,
    Bind,
    CancelMission,
    Command,
    EditMethod,
    EditMission,
    ListHistory,
    ListMissions,
    ListObjects,
    Path,
    Read,
    RejectMission,
    RetryMission,
    Send,
    SettleFinding,
    ShowMethod,
    ShowMission,
    ShowObject,
    ShowStats,
    ShowStatus,
    Undo,
    Write,
)
from battui.contracts.errors import GuardianRefused, UnknownObject, UnknownSlot
from battui.contracts.events import EventKind, KernelEvent, Level
from battui.contracts.generation import EngineStatus
from battui.contracts.methods import FindSelector
from battui.contracts.models import ListAdapters
from battui.contracts.replies import (
    APPROVAL,
    Answer,
    CandidateView,
    HistoryEntry,
    HistoryList,
    KernelStatus,
    MissionList,
    MissionView,
    ObjectList,
    ObjectSummary,
    Reply,
)
from battui.contracts.values import Ref, Value
from tests.unit.tui.small_world import (
    ADAPTERS,
    OBJECTS,
    PASSAGES,
    READY,
    START,
    STATS,
    STORY,
    SUMMARIES,
    USES,
)


class ScriptedPortal:
    """Answers from canned views, remembers what was asked, and lets a test say what happens next."""

    def __init__(
        self, *, objects: tuple[ObjectSummary, ...] = SUMMARIES, engine: EngineStatus = READY
    ) -> None:
        self.commands: list[Command] = []
        self.objects = objects
        self.views = dict(OBJECTS)
        self.missions: dict[str, MissionView] = {}
        self.history = (
            HistoryEntry("03ff02", START + 60, "install account_prototype.deposit_", "m1"),
            HistoryEntry("03ff01", START, "bind account"),
        )
        self.status = KernelStatus("demo.fs", 4, 0, 0, engine, sandbox=("landlock", "seccomp"))
        self.adapters = ADAPTERS
        self.failure: Exception | None = None
        self.following = asyncio.Event()
        self._sequence = 0
        self._followers: list[asyncio.Queue[KernelEvent | None]] = []

    async def submit(self, command: Command) -> Reply:
        self.commands.append(command)
        if self.failure is not None:
            raise self.failure
        return self._answers[type(command)](self, command)

    @asynccontextmanager
    async def events(self, since: int | None = None) -> AsyncIterator[AsyncIterator[KernelEvent]]:
        queue: asyncio.Queue[KernelEvent | None] = asyncio.Queue()
        self._followers.append(queue)
        self.following.set()
        try:
            yield self._stream(queue)
        finally:
            self._followers.remove(queue)

    async def _stream(self, queue: asyncio.Queue[KernelEvent | None]) -> AsyncIterator[KernelEvent]:
        while (event := await queue.get()) is not None:
            yield event

    def tell(
        self,
        kind: EventKind,
        text: str = "",
        *,
        mission: str = "",
        level: Level = "info",
        skip: int = 0,
        data: dict[str, Value] | None = None,
    ) -> None:
        """Let an event happen; `skip` loses as many before it."""
        self._sequence += 1 + skip
        event = KernelEvent(
            self._sequence, START + self._sequence, kind, text, level, mission, "", data or {}
        )
        for follower in self._followers:
            follower.put_nowait(event)

    def end(self) -> None:
        """Let the kernel end."""
        for follower in self._followers:
            follower.put_nowait(None)

    def begin_mission(self, mission: str, title: str, at: float = START) -> None:
        self.missions[mission] = MissionView(
            mission, "method", "IDLE", title, "account", at, senders=1, trail=(("IDLE", at),)
        )
        self.tell("mission", "begins", mission=mission, data={"state": "IDLE"})

    def enter(self, mission: str, state: str) -> None:
        view = self.missions[mission]
        self.missions[mission] = replace(view, state=state, trail=(*view.trail, (state, START + 3)))
        self.tell("mission", f"is {state.lower()}", mission=mission, data={"state": state})

    def write(self, mission: str, candidate: int, text: str) -> None:
        self.tell("token", text, mission=mission, data={"candidate": candidate, "text": text})

    def judge(self, mission: str, candidate: CandidateView) -> None:
        view = self.missions[mission]
        self.missions[mission] = replace(view, candidates=(*view.candidates, candidate))
        self.tell(
            "candidate",
            candidate.verdict,
            mission=mission,
            data={
                "index": candidate.index,
                "source": candidate.source,
                "verdict": candidate.verdict,
                "accepted": candidate.accepted,
            },
        )

    def say(self, mission: str, facet: str, text: str) -> None:
        view = self.missions[mission]
        self.missions[mission] = replace(view, facets={**view.facets, facet: text})
        self.tell("facet", text, mission=mission, data={"facet": facet, "text": text})

    def complete(self, mission: str, answer: str) -> None:
        view = replace(self.missions[mission], answer=answer, ended_at=START + 6, tokens=93)
        self.missions[mission] = view
        self.enter(mission, "COMPLETE")

    def fail(self, mission: str, failure: str) -> None:
        self.missions[mission] = replace(self.missions[mission], failure=failure, ended_at=START + 6)
        self.enter(mission, "FAILED")

    def propose(self, mission: str, source: str, replaces: str = "") -> None:
        view = self.missions[mission]
        self.missions[mission] = replace(
            view, waiting=APPROVAL, proposal=source, draft=source, replaces=replaces
        )
        self.tell("mission", f"waits: {APPROVAL}", mission=mission, level="warning", data={"state": "waits"})

    def report(self, mission: str, words: str, at: float = START) -> None:
        """Let the heartbeat's audit find something."""
        trail = (("IDLE", at), ("COMPLETE", at + 4))
        self.missions[mission] = MissionView(
            mission,
            "self_audit",
            "COMPLETE",
            "alfred_prototype_obj.perform_efficiency_audit_()",
            "alfred_prototype_obj",
            at,
            ended_at=at + 4,
            answer=words,
            tokens=61,
            trail=trail,
        )
        self.tell("mission", "ended COMPLETE", mission=mission, data={"state": "ended", "end": "COMPLETE"})

    def _object(self, command: ShowObject) -> Reply:
        path = command.path
        for view in self.views.values():
            if path.oid == view.oid or path.names == (view.name,):
                return view
        raise UnknownObject("no object has that name", about=str(path), remedy="Bind it first.")

    def _send(self, command: Send) -> Reply:
        if command.selector == "search_":
            return Answer([] if "nothing" in str(command.positional[0]) else PASSAGES)
        mission = f"m{len(self.missions) + 1}"
        self.begin_mission(mission, f"{command.receiver}.{command.selector}")
        return Answer(mission, f"mission {mission}", mission)

    def _ask(self, command: Ask) -> Reply:
        mission = f"m{len(self.missions) + 1}"
        self.begin_mission(mission, command.question)
        view = self.missions[mission]
        self.missions[mission] = replace(view, kind="question", target=str(command.path))
        return Answer(mission, f"mission {mission}", mission)

    def _edit(self, command: EditMission) -> Reply:
        view = replace(self.missions[command.mission], draft=command.source)
        self.missions[command.mission] = view
        if "open(" in command.source:
            raise GuardianRefused("the name open is not offered", about=view.id)
        self.missions[view.id] = replace(view, waiting="", proposal="", replaces="")
        self.complete(view.id, "150")
        return self.missions[view.id]

    def _list(self, command: ListObjects) -> Reply:
        def wanted(known: ObjectSummary) -> bool:
            return command.matching.casefold() in f"{known.name} {Ref(known.oid)}".casefold()

        bound = [
            each for each in self.objects if not each.system and each.name >= command.start and wanted(each)
        ]
        own = [each for each in self.objects if each.system and not command.start and wanted(each)]
        limit = command.limit or len(bound)
        return ObjectList((*bound[:limit], *own), bound[limit].name if len(bound) > limit else "")

    def _write(self, command: Write) -> Reply:
        if command.value == "no":
            raise UnknownSlot("this cannot be written", about=str(command.path))
        return Answer(text=str(command.value))

    def _revise(self, command: EditMethod) -> Reply:
        if "open(" in command.source:
            raise GuardianRefused("line 2: the name open is not offered", about="m7")
        self.begin_mission("m7", "teach account.deposit_(amount)")
        return self.missions["m7"]

    def _settle(self, command: SettleFinding) -> Reply:
        settled = "accepted" if command.accepted else "dismissed"
        self.missions[command.mission] = replace(self.missions[command.mission], settled=settled)
        return self.missions[command.mission]

    def _read(self, command: Read) -> Reply:
        if command.path != Path(("account", "balance")):
            raise UnknownSlot("there is no such slot", about=str(command.path), remedy="Write it first.")
        return Answer(100, "100")

    def _cancel(self, command: CancelMission) -> Reply:
        self.fail(command.mission, "cancelled")
        return Answer(text="cancelled")

    def _retry(self, command: RetryMission) -> Reply:
        self.enter(command.mission, "IDLE")
        return Answer(text="started again")

    def _decide(self, command: ApproveMission | RejectMission) -> Reply:
        view = replace(self.missions[command.mission], waiting="", proposal="", replaces="")
        self.missions[command.mission] = view
        return view

    _answers: ClassVar[dict[type, Callable[..., Reply]]] = {
        ShowObject: _object,
        ListObjects: _list,
        FindSelector: lambda self, _: USES,
        ListAdapters: lambda self, _: self.adapters,
        ShowStats: lambda self, _: STATS,
        EditMethod: _revise,
        SettleFinding: _settle,
        Write: _write,
        ListMissions: lambda self, _: MissionList(tuple(reversed(self.missions.values()))),
        ShowMission: lambda self, command: self.missions[command.mission],
        RetryMission: _retry,
        CancelMission: _cancel,
        ApproveMission: _decide,
        RejectMission: _decide,
        EditMission: _edit,
        ShowMethod: lambda self, _: STORY,
        ListHistory: lambda self, command: HistoryList(self.history[: 1 if command.path else None]),
        Undo: lambda self, command: Answer("03ff03", f"{command.target} is taken back"),
        ShowStatus: lambda self, _: self.status,
        Send: _send,
        Ask: _ask,
        Bind: lambda self, command: Answer(Ref(1), "@1 account"),
        Read: _read,
    }
