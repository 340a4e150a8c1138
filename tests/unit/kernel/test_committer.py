"""Group commit on a real image: who shares a transaction, and who hears of what went wrong."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import outcome
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from battui.contracts.errors import Conflict, ImageUnwritable, Refused
from battui.image.history import list_history
from battui.image.image import Image
from battui.image.storage import DATA_FILE
from battui.image.world import World
from battui.kernel.transactions.committer import Committer

Results = dict[str, outcome.Maybe[Any]]


def put(name: str, value: object = 1) -> Callable[[World], str]:
    def work(world: World) -> str:
        setattr(world.lobby["account"], name, value)
        return name

    return work


def refuse(world: World) -> None:
    world.lobby["account"].balance = -1
    raise Refused("no overdraft")


def divide(world: World) -> None:
    world.lobby["account"].balance = -1
    raise ZeroDivisionError


async def together(
    committer: Committer, jobs: dict[str, Callable[[World], Any]], missions: dict[str, str] | None = None
) -> Results:
    """Let all jobs wait before the committer begins; what came of each."""
    results: Results = {}

    async def ask(note: str, work: Callable[[World], Any]) -> None:
        mission = (missions or {}).get(note, "")
        results[note] = await outcome.acapture(committer.perform, note, work, mission=mission)

    async with trio.open_nursery() as owning:
        async with trio.open_nursery() as asking:
            for note, work in jobs.items():
                asking.start_soon(ask, note, work)
                await wait_all_tasks_blocked()
            owning.start_soon(committer.run)
        owning.cancel_scope.cancel()
    return results


def notes(image: Image) -> list[str]:
    """The descriptions of all transactions since the account was made, the oldest first."""
    described = [entry.description for entry in list_history(image)]
    return described[: described.index("make")][::-1]


def slots(image: Image) -> dict[str, Any]:
    return image.read(lambda world: dict(world.lobby["account"]._slots))


async def test_what_waits_together_is_one_transaction(image: Image) -> None:
    results = await together(Committer(image, 64), {name: put(name) for name in "abc"})
    assert results == {name: outcome.Value(name) for name in "abc"}
    assert notes(image) == ["a; b; c"]
    assert {"a", "b", "c"} <= slots(image).keys()


@pytest.mark.parametrize(("group", "expected"), [(1, ["a", "b", "c"]), (2, ["a; b", "c"]), (3, ["a; b; c"])])
async def test_a_group_has_a_largest_size(image: Image, group: int, expected: list[str]) -> None:
    await together(Committer(image, group), {name: put(name) for name in "abc"})
    assert notes(image) == expected


async def test_a_later_job_of_a_group_sees_what_an_earlier_one_did(image: Image) -> None:
    def add(world: World) -> int:
        world.lobby["account"].balance += 1
        return int(world.lobby["account"].balance)

    results = await together(Committer(image, 64), dict.fromkeys("abc", add))
    assert [results[name].unwrap() for name in "abc"] == [101, 102, 103]


async def test_work_for_a_mission_is_a_transaction_of_its_own(image: Image) -> None:
    jobs = {name: put(name) for name in ("a", "b", "step", "c", "d")}
    await together(Committer(image, 64), jobs, {"step": "m7"})
    assert notes(image) == ["a; b", "step", "c; d"]
    assert {entry.description: entry.mission for entry in list_history(image)}["step"] == "m7"


@pytest.mark.parametrize(("bad", "error"), [(refuse, Refused), (divide, ZeroDivisionError)])
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_an_error_reaches_only_its_sender_and_leaves_no_trace(
    image: Image, bad: Callable[[World], None], error: type[Exception], place: int
) -> None:
    names = ["a", "b"]
    names.insert(place, "bad")
    jobs = {name: bad if name == "bad" else put(name) for name in names}
    results = await together(Committer(image, 64), jobs)
    assert isinstance(results["bad"], outcome.Error)
    assert type(results["bad"].error) is error
    assert (results["a"], results["b"]) == (outcome.Value("a"), outcome.Value("b"))
    assert len(notes(image)) == 1
    assert (slots(image)["balance"], slots(image)["a"], slots(image)["b"]) == (100, 1, 1)


@pytest.mark.parametrize("mission", ["", "m1"])
async def test_work_that_others_were_ahead_of_is_done_again(image: Image, mission: str) -> None:
    turns: list[int] = []

    def contested(world: World) -> int:
        world.lobby["account"].balance += 1
        turns.append(int(world.lobby["account"].balance))
        if len(turns) == 1:
            image.perform("others", put("balance", 7))
        return turns[-1]

    results = await together(
        Committer(image, 64), {"first": contested, "other": put("a")}, {"first": mission, "other": mission}
    )
    assert results == {"first": outcome.Value(8), "other": outcome.Value("a")}
    assert turns == [101, 8]
    assert (slots(image)["balance"], slots(image)["a"]) == (8, 1)


async def test_work_that_others_are_always_ahead_of_is_given_up(image: Image) -> None:
    def contested(world: World) -> None:
        balance = world.lobby["account"].balance
        world.lobby["account"].balance = balance + 1
        image.perform("others", put("balance", balance + 7))

    results = await together(Committer(image, 64), {"contested": contested})
    (result,) = results.values()
    assert isinstance(result, outcome.Error)
    assert isinstance(result.error, Conflict)


async def test_who_stops_waiting_undoes_nothing(image: Image) -> None:
    committer = Committer(image, 64)
    with trio.move_on_after(0) as gone:
        await committer.perform("a", put("a"))
    assert gone.cancelled_caught
    assert await together(committer, {"b": put("b")}) == {"b": outcome.Value("b")}
    assert slots(image)["a"] == 1


async def test_what_was_begun_is_finished_when_the_committer_is_cancelled(image: Image) -> None:
    committer = Committer(image, 64)
    begun = trio.Event()
    token = trio.lowlevel.current_trio_token()

    def slow(world: World) -> None:
        put("a")(world)
        trio.from_thread.run_sync(begun.set, trio_token=token)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(committer.run)
        nursery.start_soon(committer.perform, "slow", slow)
        await begun.wait()
        nursery.cancel_scope.cancel()
    assert slots(image)["a"] == 1


async def test_a_full_disk_is_told_to_all_of_the_group_and_the_next_group_goes_on(image: Image) -> None:
    committer = Committer(image, 64)
    size = (Path(image.location) / DATA_FILE).stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, hard))
    try:
        results = await together(committer, {name: put(name, "x" * 10_000) for name in "ab"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [type(result.error) for result in results.values() if isinstance(result, outcome.Error)] == [
        ImageUnwritable,
        ImageUnwritable,
    ]
    assert not {"a", "b"} & slots(image).keys()
    assert await together(committer, {"c": put("c")}) == {"c": outcome.Value("c")}


async def test_jobs_that_only_read_make_no_transaction(image: Image) -> None:
    results = await together(
        Committer(image, 64), {name: lambda world: world.lobby["account"].balance for name in "ab"}
    )
    assert [result.unwrap() for result in results.values()] == [100, 100]
    assert notes(image) == []
