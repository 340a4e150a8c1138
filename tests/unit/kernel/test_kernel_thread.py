"""A small Trio program stands for the kernel: what matters here is the border between the two worlds."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from battui.contracts.commands import CancelMission, Command, ListObjects, Read, ShowStatus, Undo
from battui.contracts.commands import Path as Names
from battui.contracts.errors import ImageInUse, UnknownSlot, Unreachable
from battui.contracts.events import KernelEvent
from battui.contracts.portal import Portal
from battui.contracts.replies import Answer, Reply
from battui.kernel.thread import KernelThread, run_beside


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


def test_a_command_is_performed_in_the_kernels_thread_and_the_kernel_is_closed_in_order() -> None:
    kernel = SmallKernel()

    async def ask() -> Reply:
        async with KernelThread(kernel) as portal:
            return await portal.submit(read("thread"))

    assert asyncio.run(ask()) == Answer(text="battui-kernel")
    assert kernel.log == ["closed"]


def test_an_error_of_a_command_comes_back_and_the_kernel_goes_on() -> None:
    async def ask() -> Reply:
        async with KernelThread(SmallKernel()) as portal:
            with pytest.raises(UnknownSlot, match="there is no such slot"):
                await portal.submit(read("balance"))
            return await portal.submit(ListObjects())

    assert asyncio.run(ask()) == Answer()


def test_many_commands_wait_at_once() -> None:
    async def ask() -> list[Reply]:
        async with KernelThread(SmallKernel()) as portal:
            return await asyncio.gather(*(portal.submit(ListObjects()) for _ in range(100)))

    assert asyncio.run(ask()) == [Answer()] * 100


def test_to_cancel_the_wait_is_to_cancel_it_on_the_other_side() -> None:
    kernel = SmallKernel()

    async def ask() -> list[str]:
        async with KernelThread(kernel) as portal:
            waiting = asyncio.ensure_future(portal.submit(Undo("m1")))
            await asyncio.to_thread(kernel.waiting.wait)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await asyncio.to_thread(kernel.cancelled.wait)
            return list(kernel.log)

    assert asyncio.run(ask()) == ["wait cancelled"]


def test_a_kernel_that_cannot_start_says_why() -> None:
    kernel = SmallKernel(fails_with=ImageInUse("another process owns the image", about="demo.fs"))

    async def enter() -> None:
        async with KernelThread(kernel):
            pytest.fail("nothing has started")

    with pytest.raises(ImageInUse, match=r"demo\.fs"):
        asyncio.run(enter())
    assert "battui-kernel" not in {thread.name for thread in threading.enumerate()}


def test_a_kernel_that_breaks_tells_whoever_waits_and_raises_at_the_end() -> None:
    kernel = SmallKernel()

    async def ask() -> None:
        async with KernelThread(kernel) as portal:
            with pytest.raises(Unreachable, match="the kernel has ended"):
                await portal.submit(ShowStatus())
            with pytest.raises(Unreachable, match="Start battui again"):
                await portal.submit(read("thread"))

    with pytest.raises(ZeroDivisionError):
        asyncio.run(ask())
    assert kernel.log == ["closed"]


def test_an_error_of_the_front_end_still_closes_the_kernel() -> None:
    kernel = SmallKernel()

    async def fail() -> None:
        async with KernelThread(kernel):
            raise LookupError("the front end has a fault")

    with pytest.raises(LookupError):
        asyncio.run(fail())
    assert kernel.log == ["closed"]


def test_to_cancel_the_front_end_waits_for_the_kernels_end() -> None:
    kernel = SmallKernel()

    async def run() -> None:
        entered = asyncio.Event()

        async def front() -> None:
            async with KernelThread(kernel):
                entered.set()
                await asyncio.Event().wait()

        task = asyncio.ensure_future(front())
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert kernel.log == ["closed"]


def test_events_cross_in_order_from_where_one_asks() -> None:
    async def follow() -> list[int]:
        async with KernelThread(SmallKernel(to_tell=4)) as portal, portal.events(since=7) as events:
            return [(await anext(events)).sequence for _ in range(4)]

    assert asyncio.run(follow()) == [7, 8, 9, 10]


def test_the_stream_ends_with_the_kernel() -> None:
    async def follow() -> list[int]:
        async with KernelThread(SmallKernel(to_tell=2)) as portal, portal.events() as events:
            await portal.submit(CancelMission("the kernel"))
            return [event.sequence async for event in events]

    assert asyncio.run(follow()) == [0, 1]


def test_the_stream_ends_when_the_kernel_breaks() -> None:
    seen: list[int] = []

    async def follow() -> None:
        async with KernelThread(SmallKernel(to_tell=2)) as portal, portal.events() as events:
            with pytest.raises(Unreachable):
                await portal.submit(ShowStatus())
            seen.extend([event.sequence async for event in events])

    with pytest.raises(ZeroDivisionError):
        asyncio.run(follow())
    assert seen == [0, 1]


def test_a_follower_that_falls_behind_loses_the_oldest() -> None:
    kernel = SmallKernel(to_tell=25_000)

    async def follow() -> tuple[int, int]:
        async with KernelThread(kernel) as portal, portal.events() as events:
            # The loop is kept from reading until the last event has been told.
            kernel_is_done = portal.submit(read("thread"))
            await kernel_is_done
            first = await anext(events)
            async for event in events:
                if event.sequence == 24_999:
                    return first.sequence, event.sequence
        raise AssertionError("the last event is missing")

    first, last = asyncio.run(follow())
    assert first >= 25_000 - 10_000
    assert last == 24_999


class Window:
    """A front end that stays until it is told to go."""

    def __init__(self, portal: Portal) -> None:
        self.code = asyncio.get_running_loop().create_future()

    async def run_async(self) -> int | None:
        os.kill(os.getpid(), signal.SIGTERM)
        return await self.code

    def exit(self, result: int) -> None:
        self.code.set_result(result)


def test_a_signal_ends_both_and_is_the_exit_code() -> None:
    kernel = SmallKernel()
    before = signal.getsignal(signal.SIGTERM)
    assert asyncio.run(run_beside(kernel, Window)) == 128 + signal.SIGTERM
    assert kernel.log == ["closed"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_front_ends_own_code_is_the_exit_code() -> None:
    class Door(Window):
        async def run_async(self) -> int | None:
            return 4

    assert asyncio.run(run_beside(SmallKernel(), Door)) == 4


HANGING = """
import asyncio, sys, threading
sys.path.insert(0, {folder!r})
from pathlib import Path
from test_kernel_thread import SmallKernel
from battui.kernel.thread import run_beside

class Wedged:
    def __init__(self, portal): pass
    async def run_async(self):
        print("ready", flush=True)
        lock = threading.Lock(); lock.acquire(); lock.acquire()   # as a writer to a dead terminal does
    def exit(self, result): pass

class Recorded(SmallKernel):
    async def run(self, **keywords):
        try:
            await super().run(**keywords)
        finally:
            Path({record!r}).write_text(",".join(self.log))

sys.exit(asyncio.run(run_beside(Recorded(), Wedged, grace=0.2)))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_front_end_that_hangs_cannot_keep_the_kernel_from_closing(
    tmp_path: Path, number: signal.Signals
) -> None:
    record = tmp_path / "closed"
    program = HANGING.format(folder=str(Path(__file__).parent), record=str(record))
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
        process.send_signal(number)
        assert process.wait(timeout=30) == 128 + number
    assert record.read_text() == "closed"
