"""A client and a bridge, over a real socket: replies, errors, events, cancellation, deadlines, the end."""

from __future__ import annotations

import pytest
import trio

from battui.bridge.client import AsyncClient
from battui.contracts.commands import Once, Path, Read, ShowStatus, Undo, Write
from battui.contracts.errors import BattuiError, Busy, MethodRaised, TimedOut, UnknownSlot, Unreachable
from battui.contracts.events import KernelEvent
from battui.contracts.replies import Answer
from battui.contracts.values import Ref, Value
from tests.unit.bridge.small_bridge import SmallPortal, small_bridge

SLOT = Path(("a", "b"))


def event(number: int, mission: str = "") -> KernelEvent:
    return KernelEvent(number, 1.5, "mission", f"number {number}", mission=mission)


async def test_a_command_goes_there_and_its_reply_comes_back() -> None:
    async with small_bridge() as running, AsyncClient(running.endpoint, name="a test") as client:
        value: Value = [1, {"x": Ref(31)}, 2**200, None, "é", 1.5]
        write = Write(SLOT, value)  # type: ignore[arg-type]
        assert await client.submit(write, key="mine") == Answer(value, "written")
        assert running.portal.commands == [Once("mine", write)]
        assert client.welcome is not None
        assert (client.welcome.image, client.welcome.role) == ("an image", "administer")
        assert await client.ping(b"there and back") == b"there and back"


async def test_what_changes_something_gets_a_key_and_what_looks_gets_none() -> None:
    async with small_bridge() as running, AsyncClient(running.endpoint) as client:
        await client.submit(Write(SLOT, 1))
        await client.submit(ShowStatus())
        first, second = running.portal.commands
        assert isinstance(first, Once)
        assert second == ShowStatus()


async def test_an_error_arrives_as_the_class_it_was() -> None:
    async with small_bridge() as running, AsyncClient(running.endpoint) as client:
        with pytest.raises(UnknownSlot) as unknown:
            await client.submit(Read(SLOT))
        assert (unknown.value.what, unknown.value.about, unknown.value.remedy) == (
            "no such slot",
            "a.b",
            "Write it.",
        )
        with pytest.raises(MethodRaised) as raised:
            await client.submit(Read(Path(("raises",))))
        assert raised.value.traceback == "line 3"
        with pytest.raises(BattuiError, match="ZeroDivisionError") as fault:
            await client.submit(Read(Path(("fault",))))
        assert "inside" not in str(fault.value), "its insides are nobody's business"


async def test_a_busy_kernel_is_asked_again() -> None:
    async with small_bridge(SmallPortal(busy=3)) as running, AsyncClient(running.endpoint) as client:
        assert await client.submit(Write(SLOT, 1)) == Answer(1, "written")
        keys = {command.key for command in running.portal.commands if isinstance(command, Once)}
        assert (len(running.portal.commands), len(keys)) == (4, 1)


async def test_a_kernel_that_stays_busy_is_an_error() -> None:
    async with (
        small_bridge(SmallPortal(busy=10_000)) as running,
        AsyncClient(running.endpoint, patience=0.2) as client,
    ):
        with pytest.raises(Busy):
            await client.submit(Write(SLOT, 1))


async def test_a_deadline_ends_the_wait() -> None:
    async with small_bridge() as running, AsyncClient(running.endpoint) as client:
        with pytest.raises(TimedOut):
            await client.submit(Undo("x"), deadline_s=0.05)
        assert running.portal.cancelled == 1


async def test_cancelling_a_wait_reaches_the_kernel() -> None:
    async with small_bridge() as running, AsyncClient(running.endpoint) as client:
        with trio.move_on_after(0.05):
            await client.submit(Undo("x"))
        while not running.portal.cancelled:
            await client.ping()


async def test_events_are_replayed_and_followed() -> None:
    async with small_bridge() as running, AsyncClient(running.endpoint) as client:
        running.portal.tell(*map(event, range(1, 6)))
        async with client.events(since=3) as events:
            assert [(await anext(events)).sequence for _ in range(3)] == [3, 4, 5]
            running.portal.tell(event(6))
            assert await anext(events) == event(6)


async def test_a_client_chooses_its_events() -> None:
    async with small_bridge() as running, AsyncClient(running.endpoint) as client:
        async with client.events(mission="m2") as events:
            running.portal.tell(event(1, "m1"), event(2, "m2"), event(3), event(4, "m2"))
            assert [(await anext(events)).sequence for _ in range(2)] == [2, 4]
        async with client.events(kinds=("installed",)) as events:
            running.portal.tell(event(5), KernelEvent(6, 0.0, "installed", "there"))
            assert (await anext(events)).sequence == 6


async def test_more_events_than_a_window_arrive_in_order() -> None:
    async with small_bridge() as running, AsyncClient(running.endpoint) as client, client.events() as events:
        running.portal.tell(*map(event, range(1, 1_001)))
        assert [(await anext(events)).sequence for _ in range(1_000)] == list(range(1, 1_001))


async def test_the_end_of_the_kernel_ends_streams_and_waits() -> None:
    async with small_bridge() as running, AsyncClient(running.endpoint) as client:
        async with client.events() as events, trio.open_nursery() as nursery:

            async def wait_for_ever() -> None:
                with pytest.raises(Unreachable):
                    await client.submit(Undo("x"))

            nursery.start_soon(wait_for_ever)
            while not running.portal.commands:
                await client.ping()
            running.bridge.end()
            assert [event async for event in events] == []
        with pytest.raises(Unreachable):
            await client.submit(ShowStatus())


async def test_where_no_kernel_answers_nobody_waits_for_ever() -> None:
    with pytest.raises(Unreachable, match="no kernel"):
        async with AsyncClient("ipc:///nowhere/at.all", patience=0.1):
            pytest.fail("there is nobody")


async def test_stop_asks_the_kernel_to_end() -> None:
    async with small_bridge() as running, AsyncClient(running.endpoint) as client:
        await client.stop()
        assert running.stopped.is_set()


async def test_the_plain_client_does_the_same_from_a_program_without_a_loop() -> None:
    from battui import client as library

    async with small_bridge() as running:

        def program() -> None:
            with library.Client(running.endpoint, name="a program") as client:
                assert client.line("a.b = 5", key="mine") == Answer(5, "written")
                assert client.submit(ShowStatus()) == Answer("status")
                with pytest.raises(Unreachable, match="same version"):
                    client.status()
                assert client.ping(b"x") == b"x"
                with client.events(since=1) as events:
                    assert [next(events).sequence, next(events).sequence] == [1, 2]
                with pytest.raises(UnknownSlot):
                    client.line("a.b")

        running.portal.tell(event(1), event(2))
        await trio.to_thread.run_sync(program)


def test_a_plain_client_that_finds_nobody_says_so() -> None:
    from battui import client as library

    with pytest.raises(Unreachable), library.Client("ipc:///nowhere/at.all", patience=0.1):
        pytest.fail("there is nobody")
