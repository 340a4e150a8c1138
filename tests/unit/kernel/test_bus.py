"""Announcements reach whoever follows, and nobody who is slow holds the kernel up."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from battui.contracts.events import KernelEvent
from battui.kernel.events.bus import FOLLOWER_BACKLOG, Bus


def announce(bus: Bus, *texts: str) -> None:
    for text in texts:
        bus.announce("object", text)


async def texts(events: AsyncIterator[KernelEvent]) -> list[str]:
    """What the rest of the stream says."""
    return [event.text async for event in events]


async def test_every_follower_gets_every_event_in_order() -> None:
    bus = Bus(10)
    async with bus.follow() as one, bus.follow() as two:
        announce(bus, "a", "b")
        bus.end()
        assert (await texts(one), await texts(two)) == (["a", "b"], ["a", "b"])


async def test_a_follower_waits_for_what_comes_later(autojump_clock: trio.abc.Clock) -> None:
    bus = Bus(10)
    heard: list[str] = []

    async def follow(task_status: trio.TaskStatus[None]) -> None:
        async with bus.follow() as events:
            task_status.started()
            async for event in events:
                heard.append(event.text)  # noqa: PERF401 - one by one is what is tested

    async with trio.open_nursery() as nursery:
        await nursery.start(follow)
        await wait_all_tasks_blocked()
        assert heard == []
        announce(bus, "a")
        await wait_all_tasks_blocked()
        assert heard == ["a"]
        announce(bus, "b")
        bus.end()
    assert heard == ["a", "b"]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (None, ["new"]),
        (0, ["b", "c", "d", "new"]),
        (1, ["b", "c", "d", "new"]),
        (3, ["c", "d", "new"]),
        (4, ["d", "new"]),
        (99, ["new"]),
    ],
)
async def test_who_joins_later_gets_what_is_remembered_since_then(
    since: int | None, expected: list[str]
) -> None:
    bus = Bus(3)
    announce(bus, "a", "b", "c", "d")
    async with bus.follow(since) as events:
        announce(bus, "new")
        bus.end()
        assert await texts(events) == expected


async def test_pieces_of_text_are_told_but_not_remembered() -> None:
    bus = Bus(10)
    async with bus.follow() as events:
        bus.announce("token", "piece")
        announce(bus, "whole")
        async with bus.follow(0) as later:
            bus.end()
            assert await texts(events) == ["piece", "whole"]
            (event,) = [event async for event in later]
    assert (event.text, event.sequence) == ("whole", 2)


async def test_who_falls_behind_loses_the_oldest_and_sees_the_gap() -> None:
    bus = Bus(1)
    async with bus.follow() as slow:
        for number in range(FOLLOWER_BACKLOG + 3):
            announce(bus, str(number))
        bus.end()
        heard = [event.sequence async for event in slow]
    assert heard == list(range(4, FOLLOWER_BACKLOG + 4))


async def test_all_that_is_remembered_is_replayed_however_much_it_is() -> None:
    bus = Bus(2 * FOLLOWER_BACKLOG)
    for number in range(2 * FOLLOWER_BACKLOG):
        announce(bus, str(number))
    async with bus.follow(1) as events:
        bus.end()
        assert len(await texts(events)) == 2 * FOLLOWER_BACKLOG


async def test_who_has_left_is_told_nothing_more() -> None:
    bus = Bus(10)
    async with bus.follow() as events:
        announce(bus, "a")
    announce(bus, "b")
    bus.end()
    with trio.testing.assert_no_checkpoints():
        assert (await anext(events)).text == "a"
    with trio.move_on_after(0) as scope:
        await anext(events)
    assert scope.cancelled_caught


async def test_after_the_end_one_gets_what_is_remembered_and_is_done(
    autojump_clock: trio.abc.Clock,
) -> None:
    bus = Bus(10)
    announce(bus, "a")
    bus.end()
    with trio.fail_after(1):
        async with bus.follow(0) as events:
            assert await texts(events) == ["a"]


async def test_an_event_carries_what_it_is_about() -> None:
    bus = Bus(10)
    async with bus.follow() as events:
        bus.announce("mission", "t", level="warning", mission="m1", about="account", data={"state": "IDLE"})
        event = await anext(events)
    assert (event.kind, event.level, event.mission, event.about) == ("mission", "warning", "m1", "account")
    assert event.data == {"state": "IDLE"}
    assert event.at > 0
