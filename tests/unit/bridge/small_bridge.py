"""A bridge over a portal that is no kernel: it echoes, waits, fails and tells events as a test wants it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import trio

from battui.bridge.bridge import Bridge
from battui.bridge.endpoint import endpoint_of
from battui.bridge.sockets import Places
from battui.contracts.commands import Command, Once, Read, ShowStatus, Undo, Write
from battui.contracts.errors import Busy, MethodRaised, UnknownSlot
from battui.contracts.events import KernelEvent
from battui.contracts.replies import Answer, Reply
from battui.contracts.values import Value


@dataclass
class SmallPortal:
    """Answers what is written; fails reads of `no_such` names; waits for ever on an undo."""

    commands: list[Command] = field(default_factory=list)
    to_tell: list[KernelEvent] = field(default_factory=list)
    told: trio.Event = field(default_factory=trio.Event)
    busy: int = 0
    cancelled: int = 0

    async def submit(self, command: Command) -> Reply:
        self.commands.append(command)
        inner = command.command if isinstance(command, Once) else command
        await trio.lowlevel.checkpoint()
        if self.busy:
            self.busy -= 1
            raise Busy("too many", retry_after=0.01)
        match inner:
            case Write(value=value):
                return Answer(None if isinstance(value, tuple) else cast("Value", value), "written")
            case Read(path=path) if path.names[0] == "raises":
                raise MethodRaised("it raised", about="a.b", remedy="Look.", traceback="line 3")
            case Read(path=path) if path.names[0] == "fault":
                raise ZeroDivisionError("inside")
            case Read(path=path):
                raise UnknownSlot("no such slot", about=str(path), remedy="Write it.")
            case Undo():
                try:
                    await trio.sleep_forever()
                finally:
                    self.cancelled += 1
            case ShowStatus():
                return Answer("status")
        return Answer()

    @asynccontextmanager
    async def events(self, since: int | None = None) -> AsyncIterator[AsyncIterator[KernelEvent]]:
        yield _Told(self, since or 0)

    def tell(self, *events: KernelEvent) -> None:
        self.to_tell.extend(events)
        told, self.told = self.told, trio.Event()
        told.set()


class _Told:
    """What the portal tells, one by one; no generator, which somebody would have to close."""

    def __init__(self, portal: SmallPortal, since: int) -> None:
        self._portal = portal
        self._since = since
        self._place = 0

    def __aiter__(self) -> _Told:
        return self

    async def __anext__(self) -> KernelEvent:
        while True:
            while self._place < len(self._portal.to_tell):
                event = self._portal.to_tell[self._place]
                self._place += 1
                if event.sequence >= self._since:
                    return event
            await self._portal.told.wait()


@dataclass
class Running:
    """A bridge that serves, what it announced, and whether it was asked to end."""

    portal: SmallPortal
    bridge: Bridge
    path: Path
    announced: list[str]
    stopped: trio.Event

    @property
    def endpoint(self) -> str:
        return endpoint_of(self.path)


@asynccontextmanager
async def small_bridge(portal: SmallPortal | None = None, **places: object) -> AsyncIterator[Running]:
    # The name of a socket is short, and the folders of pytest are not.
    with tempfile.TemporaryDirectory(prefix="battui-") as folder:
        path = Path(folder) / "b" / "kernel.ipc"
        announced: list[str] = []
        stopped = trio.Event()
        served = portal or SmallPortal()
        bridge = Bridge(
            served,
            Places(path, **places),  # type: ignore[arg-type]
            image="an image",
            stop=stopped.set,
            announce=announced.append,
        )
        bridge.open()
        async with trio.open_nursery() as nursery:
            await nursery.start(bridge.run)
            yield Running(served, bridge, path, announced, stopped)
            bridge.end()
