"""What was sent is counted once, and the heartbeat audits it in its time. Here time is Trio's own fake clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from battui.contracts.errors import ImageUnwritable
from battui.contracts.settings import HeartbeatSettings
from battui.image.image import Image
from battui.image.world import World
from battui.kernel.events.bus import Bus
from battui.kernel.heartbeat import Heartbeat
from battui.kernel.missions.missions import Missions
from battui.kernel.transactions.committer import Committer
from battui.kernel.transactions.ledger import Ledger
from battui.mind.cycle import active_cycles, close, state_of


class AtOnce:
    """Commits without a thread, which a fake clock would not wait for. `before` is called ahead of each commit."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.before: Callable[[], None] = lambda: None

    async def perform(self, note: str, work: Callable[[World], Any], *, mission: str = "") -> Any:
        await trio.lowlevel.checkpoint()
        self.before()
        return self.image.perform(note, work, mission=mission)


class TakenUp(list[str]):
    """The missions that somebody was asked to think about."""

    def take_up(self, mission: str) -> None:
        self.append(mission)


@pytest.fixture
def committer(image: Image) -> AtOnce:
    return AtOnce(image)


async def saved(ledger: Ledger, committer: AtOnce) -> Any:
    return await ledger.save(cast("Committer", committer))


def record(image: Image) -> Any:
    return image.read(lambda world: world.root["alfred_prototype_obj"]._slots.get("record"))


def counted(sends: int, failures: int, seconds: float) -> dict[str, float]:
    return {"sends": sends, "failures": failures, "seconds": seconds}


async def test_counts_are_added_to_what_the_image_has_already(image: Image, committer: AtOnce) -> None:
    ledger = Ledger()
    ledger.record_send("deposit_", 0.25, failed=False)
    ledger.record_send("deposit_", 0.5, failed=True)
    ledger.record_mission("COMPLETE")
    await saved(ledger, committer)
    ledger.record_send("deposit_", 1.0, failed=False)
    ledger.record_send("audit", 0.125, failed=False)
    ledger.record_mission("COMPLETE")
    ledger.record_mission("FAILED")

    whole = await saved(ledger, committer)

    assert whole == record(image)
    assert whole == {
        "methods": {"deposit_": counted(3, 1, 1.75), "audit": counted(1, 0, 0.125)},
        "missions": {"COMPLETE": 2, "FAILED": 1},
    }


async def test_each_send_is_counted_once_however_often_the_record_is_read(committer: AtOnce) -> None:
    ledger = Ledger()
    ledger.record_send("deposit_", 1.0, failed=False)

    records = [await saved(ledger, committer) for _ in range(3)]

    assert [record["methods"]["deposit_"]["sends"] for record in records] == [1, 1, 1]
    assert ledger.empty()


async def test_what_is_counted_during_a_commit_waits_for_the_next(image: Image, committer: AtOnce) -> None:
    ledger = Ledger()
    ledger.record_send("deposit_", 1.0, failed=False)
    committer.before = lambda: ledger.record_send("deposit_", 1.0, failed=False)
    await saved(ledger, committer)
    assert not ledger.empty()

    committer.before = lambda: None
    await saved(ledger, committer)

    assert record(image)["methods"]["deposit_"]["sends"] == 2


async def test_what_cannot_be_committed_is_kept(image: Image, committer: AtOnce) -> None:
    ledger = Ledger()
    ledger.record_send("deposit_", 1.0, failed=True)
    ledger.record_mission("FAILED")

    def full() -> None:
        ledger.record_send("deposit_", 1.0, failed=False)
        raise ImageUnwritable("the disk is full")

    committer.before = full
    with pytest.raises(ImageUnwritable):
        await saved(ledger, committer)
    committer.before = lambda: None
    await saved(ledger, committer)

    expected = {"methods": {"deposit_": counted(2, 1, 2.0)}, "missions": {"FAILED": 1}}
    assert record(image) == expected


async def test_where_nothing_was_counted_nothing_is_written(image: Image, committer: AtOnce) -> None:
    assert Ledger().empty()
    assert await saved(Ledger(), committer) == {"methods": {}, "missions": {}}
    assert record(image) is None


class Beating:
    """A heartbeat with what it announces and whom it sets to work."""

    def __init__(self, committer: AtOnce, *, enabled: bool = True, busy: bool = True) -> None:
        self.bus = Bus(100)
        self.taken_up = TakenUp()
        self.ledger = Ledger()
        if busy:
            self.ledger.record_send("deposit_", 0.25, failed=False)
        self.heartbeat = Heartbeat(
            HeartbeatSettings(enabled=enabled, first_delay_s=30.0, period_s=3600.0),
            cast("Committer", committer),
            cast("Missions", self.taken_up),
            self.ledger,
            self.bus,
        )

    async def after(self, clock: MockClock, *moments: float) -> list[list[str]]:
        """What had been announced at each of these seconds after the start."""
        told: list[list[str]] = []
        async with self.bus.follow() as events, trio.open_nursery() as nursery:
            heard: list[str] = []

            async def listen() -> None:
                async for event in events:
                    heard.append(f"{event.level} {event.text}")  # noqa: PERF401 - one by one as they come

            nursery.start_soon(listen)
            nursery.start_soon(self.heartbeat.run)
            await wait_all_tasks_blocked()
            start = clock.current_time()
            for moment in moments:
                clock.jump(start + moment - clock.current_time())
                await wait_all_tasks_blocked()
                told.append(list(heard))
            nursery.cancel_scope.cancel()
        return told


def finish_audits(image: Image) -> None:
    def finish(world: World) -> None:
        for cycle in active_cycles(world):
            close(world, cycle)

    image.perform("done", finish)


async def test_a_heartbeat_that_is_switched_off_returns_at_once(committer: AtOnce) -> None:
    with trio.testing.assert_no_checkpoints():
        await Beating(committer, enabled=False).heartbeat.run()


async def test_the_first_beat_comes_after_the_first_delay(
    image: Image, committer: AtOnce, mock_clock: MockClock
) -> None:
    beating = Beating(committer)

    told = await beating.after(mock_clock, 29.9, 30.0, 3629.9)

    assert told == [[], ["info audit m1"], ["info audit m1"]]
    assert beating.taken_up == ["m1"]
    (audit,) = image.read(
        lambda world: [(cycle.kind, state_of(cycle), cycle.target_name) for cycle in active_cycles(world)]
    )
    assert audit == ("self_audit", "IDLE", "alfred_prototype_obj")


async def test_where_nothing_was_done_nothing_is_audited(committer: AtOnce, mock_clock: MockClock) -> None:
    beating = Beating(committer, busy=False)
    assert await beating.after(mock_clock, 30.0, 3630.0) == [[], []]
    assert beating.taken_up == []


async def test_the_next_beats_come_a_period_apart(
    image: Image, committer: AtOnce, mock_clock: MockClock
) -> None:
    beating = Beating(committer)
    committer.before = lambda: finish_audits(image)

    told = await beating.after(mock_clock, 30.0, 3629.9, 3630.0, 7229.9, 7230.0)

    assert [len(announced) for announced in told] == [1, 1, 2, 2, 3]
    assert beating.taken_up == ["m1", "m2", "m3"]


async def test_there_is_no_second_audit_while_one_is_open(
    image: Image, committer: AtOnce, mock_clock: MockClock
) -> None:
    beating = Beating(committer)

    told = await beating.after(mock_clock, 30.0, 3630.0, 7230.0)

    assert told[-1] == ["info audit m1", *["info audit already under way"] * 2]
    assert beating.taken_up == ["m1"]
    assert image.read(lambda world: len(world.missions)) == 1


async def test_a_beat_adds_the_record_before_the_audit_reads_it(
    image: Image, committer: AtOnce, mock_clock: MockClock
) -> None:
    beating = Beating(committer, busy=False)
    beating.ledger.record_send("deposit_", 1.0, failed=False)

    await beating.after(mock_clock, 30.0)

    assert record(image)["methods"] == {"deposit_": counted(1, 0, 1.0)}
    assert beating.ledger.empty()


async def test_a_beat_that_fails_is_told_and_the_next_one_comes(
    image: Image, committer: AtOnce, mock_clock: MockClock
) -> None:
    beating = Beating(committer)
    failures = iter([True])

    def full_once() -> None:
        if next(failures, False):
            raise ImageUnwritable("the disk is full")

    committer.before = full_once
    told = await beating.after(mock_clock, 30.0, 3630.0)

    assert told == [
        ["warning the disk is full."],
        ["warning the disk is full.", "info audit m1"],
    ]


async def test_it_says_when_the_next_beat_is_due(
    committer: AtOnce, mock_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("battui.kernel.heartbeat.time.time", lambda: 1000.0)
    beating = Beating(committer)
    await beating.after(mock_clock, 0.0)
    assert beating.heartbeat.next_at == 1030.0
    await beating.after(mock_clock, 30.0)
    assert beating.heartbeat.next_at == 4600.0
