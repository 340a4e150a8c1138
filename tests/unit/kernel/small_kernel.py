"""A small Trio program that stands for the kernel: what matters is the border between the two worlds."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from battui.contracts.commands import CancelMission, Command, Read, ShowStatus, Undo
from battui.contracts.commands import Path as Names
from battui.contracts.errors import UnknownSlot
from battui.contracts.events import KernelEvent
from battui.contracts.portal import Portal
from battui.contracts.replies import Answer, Reply


class SmallPortal:
    """Understands a read, an undo that waits for ever, and commands that stop or break the kernel."""

    def __init__(self, kernel: SmallKernel) -> None:
        self._kernel = kernel

    async def submit(self, command: Command) -> Reply:
        match command:
            case Read(path=Names(names=("thread",))):
                return Answer(text=threading.current_thread().name)
            case Read(path=path):
                raise UnknownSlot("there is no such slot", about=str(path))
            case Undo():
                try:
                    self._kernel.waiting.set()
                    await trio.sleep_forever()
                finally:
                    self._kernel.log.append("wait cancelled")
                    self._kernel.cancelled.set()
            case CancelMission():
                self._kernel.stop()
            case ShowStatus():
                self._kernel.broken.set()
                await trio.sleep_forever()
        return Answer()

    @asynccontextmanager
    async def events(self, since: int | None = None) -> AsyncIterator[AsyncIterator[KernelEvent]]:
        yield self._count(since or 0)

    async def _count(self, first: int) -> AsyncIterator[KernelEvent]:
        for number in range(first, first + self._kernel.to_tell):
            yield KernelEvent(number, 0.0, "kernel", str(number))
        await self._kernel.stopping.wait()


class SmallKernel:
    def __init__(self, *, fails_with: Exception | None = None, to_tell: int = 3) -> None:
        self.log: list[str] = []
        self.fails_with = fails_with
        self.to_tell = to_tell
        self.waiting = threading.Event()
        self.cancelled = threading.Event()
        self.portal: Portal = SmallPortal(self)
        self.broken = trio.Event()
        self.stopping = trio.Event()

    def stop(self) -> None:
        self.stopping.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        try:
            if self.fails_with is not None:
                raise self.fails_with
            task_status.started()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._break)
                await self.stopping.wait()
                nursery.cancel_scope.cancel()
        finally:
            with trio.CancelScope(shield=True):
                await trio.lowlevel.checkpoint()
                self.log.append("closed")

    async def _break(self) -> None:
        await self.broken.wait()
        raise ZeroDivisionError("the kernel has a fault")


def read(name: str) -> Read:
    return Read(Names((name,)))
