"""Whose turn it is: swaps are few, nobody starves, and nothing runs while the engine takes on others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from battui.kernel.experts.expert_turns import ExpertTurns

SWAP_S = 2.0


class SmallEngine:
    """Room for `room` adapters, of which the first is asked for first; a swap takes two seconds."""

    def __init__(self, room: int = 1) -> None:
        self.room = room
        self.hot: tuple[str, ...] = ()
        self.swaps: list[tuple[str, ...]] = []
        self.running = 0
        self.done: list[str] = []
        self.turns = ExpertTurns(self.is_hot, self.swap, patience_s=1.0)

    def is_hot(self, name: str) -> bool:
        return not name or name in self.hot

    async def swap(self, wanted: Sequence[str]) -> Collection[str]:
        assert self.running == 0
        await trio.sleep(SWAP_S)
        self.hot = tuple(wanted[: self.room])
        self.swaps.append(self.hot)
        return self.hot

    async def work(self, name: str, seconds: float = 0.1) -> None:
        async with self.turns.turn(name):
            assert self.is_hot(name)
            self.running += 1
            await trio.sleep(seconds)
            self.running -= 1
        self.done.append(name)


@asynccontextmanager
async def at_work(engine: SmallEngine) -> AsyncIterator[trio.Nursery]:
    """The queue runs; on leaving, everything asked for inside has been done."""
    async with trio.open_nursery() as owner:
        owner.start_soon(engine.turns.run)
        async with trio.open_nursery() as nursery:
            yield nursery
        owner.cancel_scope.cancel()


async def test_what_is_hot_goes_straight_on(autojump_clock: MockClock) -> None:
    engine = SmallEngine()
    engine.hot = ("a",)
    async with at_work(engine) as nursery:
        for name in ("a", "", "a"):
            nursery.start_soon(engine.work, name)
    assert (engine.swaps, trio.current_time() < SWAP_S) == ([], True)


async def test_requests_are_grouped_by_adapter(autojump_clock: MockClock) -> None:
    engine = SmallEngine()
    async with at_work(engine) as nursery:
        for name in ("a", "b", "a", "c", "b", "a") * 5:
            nursery.start_soon(engine.work, name)
    assert sorted(name for (name,) in engine.swaps) == ["a", "b", "c"]
    assert sorted(engine.done) == sorted(("a", "b", "a", "c", "b", "a") * 5)


async def test_a_stream_of_the_hot_ones_starves_nobody(autojump_clock: MockClock) -> None:
    engine = SmallEngine()
    engine.hot = ("a",)
    served = trio.Event()

    async def stream() -> None:
        while not served.is_set():
            await engine.work("a", 0.3)

    async def outsider() -> None:
        await trio.sleep(0.1)
        await engine.work("b")
        served.set()

    async with at_work(engine) as nursery:
        for _ in range(3):
            nursery.start_soon(stream)
        nursery.start_soon(outsider)
        with trio.fail_after(10):
            await served.wait()
    assert engine.swaps[0] == ("b",)


async def test_two_that_fit_together_come_in_one_swap(autojump_clock: MockClock) -> None:
    engine = SmallEngine(room=2)
    async with at_work(engine) as nursery:
        nursery.start_soon(engine.work, "a", 5.0)
        await trio.sleep(SWAP_S + 1)
        nursery.start_soon(engine.work, "b")
        nursery.start_soon(engine.work, "c")
    assert [set(swap) for swap in engine.swaps] == [{"a"}, {"b", "c"}]


async def test_who_gives_up_waiting_is_not_swapped_for(autojump_clock: MockClock) -> None:
    engine = SmallEngine()
    engine.hot = ("a",)
    async with at_work(engine) as nursery:
        nursery.start_soon(engine.work, "a", 3.0)
        await wait_all_tasks_blocked()
        with trio.move_on_after(0.5):
            await engine.work("b")
        await engine.work("")
    assert engine.swaps == []


async def test_who_is_cancelled_at_work_gives_the_turn_back(autojump_clock: MockClock) -> None:
    engine = SmallEngine()
    engine.hot = ("a",)
    async with at_work(engine):
        with trio.move_on_after(0.5):
            async with engine.turns.turn("a"):
                await trio.sleep_forever()
        with trio.fail_after(10):
            await engine.work("b")
    assert engine.swaps == [("b",)]


async def test_alone_means_that_nothing_runs(autojump_clock: MockClock) -> None:
    engine = SmallEngine()
    async with at_work(engine) as nursery:
        nursery.start_soon(engine.work, "", 3.0)
        await wait_all_tasks_blocked()
        async with engine.turns.alone():
            assert (engine.running, engine.done) == (0, [""])
            nursery.start_soon(engine.work, "")
            await trio.sleep(1)
            assert engine.done == [""]
    assert engine.done == ["", ""]


async def test_a_closed_door_opens_when_all_who_closed_it_have_opened(autojump_clock: MockClock) -> None:
    engine = SmallEngine()
    async with at_work(engine) as nursery:
        engine.turns.close()
        nursery.start_soon(engine.work, "")
        async with engine.turns.alone():
            await trio.sleep(1)
        await wait_all_tasks_blocked()
        assert engine.done == []
        engine.turns.open()
    assert engine.done == [""]


async def test_at_the_end_everybody_goes_on_to_be_told(autojump_clock: MockClock) -> None:
    engine = SmallEngine()
    engine.hot = ("a",)
    entered: list[str] = []

    async def enter(name: str) -> None:
        async with engine.turns.turn(name):
            entered.append(name)

    async with trio.open_nursery() as nursery:
        with trio.CancelScope() as life:
            nursery.start_soon(engine.work, "a", 60.0)
            nursery.start_soon(enter, "b")
            nursery.start_soon(wait_and, life.cancel)
            await engine.turns.run()
        await enter("c")
    assert sorted(entered) == ["b", "c"]


async def wait_and(act: object) -> None:
    await trio.sleep(5)
    assert callable(act)
    act()
