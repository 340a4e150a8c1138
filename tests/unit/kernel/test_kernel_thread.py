"""The kernel in a thread of its own: commands, events and endings cross the border."""

from __future__ import annotations

import asyncio
import threading

import pytest

from battui.contracts.commands import CancelMission, ListObjects, ShowStatus, Undo
from battui.contracts.errors import ImageInUse, UnknownSlot, Unreachable
from battui.contracts.replies import Answer, Reply
from battui.kernel.threads.thread import KernelThread
from tests.unit.kernel.small_kernel import SmallKernel, read


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
