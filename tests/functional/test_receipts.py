"""A command with a key is done once: asked again, asked twice at the same time, asked of the next kernel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from battui.contracts.commands import CancelMission, InitiateCycle, ListHistory, Once, Read, Undo
from battui.contracts.commands import Path as Names
from battui.contracts.errors import UnknownObject, UsageError
from battui.contracts.message_line import parse_line
from battui.contracts.replies import Answer, HistoryList, MissionView
from battui.contracts.values import Value
from tests.functional.conftest import BODIES, Life, Live, script_of
from tests.functional.test_main_job import MAKE, TEACH

Scripted = Callable[[str], Path]


def keyed(key: str, line: str) -> Once:
    return Once(key, parse_line(line))


async def balance(life: Life) -> object:
    return (await life.line("account.balance")).value


async def test_a_learned_method_runs_once_for_a_key_in_this_kernel_and_in_the_next(
    scripted_image: Scripted, live: Live
) -> None:
    folder = scripted_image(script_of(BODIES))
    async with live(folder) as life:
        await life.line(MAKE)
        first = await life.submit(keyed("teach", TEACH))
        assert await life.submit(keyed("teach", TEACH)) == first
        assert await balance(life) == 150
        await life.submit(keyed("more", "account.deposit_(amount=1)"))
    async with live(folder) as life:
        assert await life.submit(keyed("teach", TEACH)) == first
        await life.submit(keyed("more", "account.deposit_(amount=1)"))
        assert await balance(life) == 151
        await life.submit(keyed("other", "account.deposit_(amount=1)"))
        assert await balance(life) == 152


async def test_many_at_once_with_one_key_are_one(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        replies = []

        async def ask(number: int) -> None:
            replies.append(await life.submit(keyed("one", f"{MAKE}")))
            await life.submit(keyed(f"number {number % 2}", "other = genesis_obj.clone(n=1)"))

        async with trio.open_nursery() as nursery:
            for number in range(8):
                nursery.start_soon(ask, number)
        assert len(set(map(str, replies))) == 1
        history = await life.submit(ListHistory())
        assert isinstance(history, HistoryList)
        made = "; ".join(entry.description for entry in history.entries)
        assert made.count("send genesis_obj.clone") == 3


async def test_a_key_stands_for_one_command(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        await life.submit(keyed("one", "account.balance = 1"))
        with pytest.raises(UsageError, match="another command"):
            await life.submit(keyed("one", "account.balance = 2"))
        with pytest.raises(UsageError, match="one key"):
            await life.submit(Once("outer", keyed("inner", "account.balance = 2")))
        with pytest.raises(UsageError, match="characters"):
            await life.submit(keyed("", "account.balance = 2"))
        assert await balance(life) == 1


async def test_what_failed_is_tried_again_and_reads_are_always_fresh(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        with pytest.raises(UnknownObject):
            await life.submit(keyed("write", "account.balance = 7"))
        await life.line(MAKE)
        await life.submit(keyed("write", "account.balance = 7"))
        read = Once("read", Read(Names(("account", "balance"))))
        assert await life.submit(read) == Answer(7, "7")
        await life.line("account.balance = 8")
        assert await life.submit(read) == Answer(8, "8")


async def test_receipts_do_not_stand_in_the_way_of_an_undo(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        await life.submit(keyed("first", "account.balance = 1"))
        for number in range(3):
            await life.submit(keyed(f"other {number}", f"account.other = {number}"))
        history = await life.submit(ListHistory())
        assert isinstance(history, HistoryList)
        target = next(entry for entry in history.entries if entry.description == "write account.balance")
        undone = await life.submit(Once("undo", Undo(target.transaction)))
        assert await balance(life) == 100
        assert await life.submit(Once("undo", Undo(target.transaction))) == undone


async def test_an_answer_too_long_to_keep_is_told_as_such_by_the_next_kernel(
    scripted_image: Scripted, live: Live
) -> None:
    folder = scripted_image(script_of(BODIES))
    long = keyed("long", f"account.note = {'x' * 300!r}")
    async with live(folder) as life:
        await life.line(MAKE)
        first = await life.submit(long)
        assert isinstance(first, Answer)
        assert first.value == "x" * 300
        assert await life.submit(long) == first
    async with live(folder) as life:
        assert await life.submit(long) == Answer(None, "done; its answer was too long to be kept")


async def test_a_cognitive_cycle_is_initiated_by_its_brief(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        path = Names(("account",))
        brief: dict[str, Value] = {
            "type": "unhandled_message",
            "selector": "deposit_",
            "args": [],
            "kwargs": {"amount": 50},
        }
        begun = await life.submit(InitiateCycle(path, brief))
        assert begun == Answer("m1", "mission m1", "m1")
        await life.until(lambda event: event.data.get("end") == "COMPLETE")
        assert await balance(life) == 150
        asked = await life.submit(Once("ask", InitiateCycle(path, {"question": "Is it overdrawn?"})))
        assert asked == await life.submit(Once("ask", InitiateCycle(path, {"question": "Is it overdrawn?"})))
        audit = await life.submit(InitiateCycle(Names(("alfred_prototype_obj",)), {"type": "self_audit"}))
        assert isinstance(audit, Answer)
        assert (await life.mission(audit.mission)).kind == "self_audit"
        wrong_briefs: tuple[dict[str, Value], ...] = (
            {"type": "dream"},
            {"selector": 3},
            {"question": " "},
            {"selector": "a_", "args": 1},
        )
        for wrong in wrong_briefs:
            with pytest.raises(UsageError):
                await life.submit(InitiateCycle(path, wrong))


async def test_an_order_is_given_once(scripted_image: Scripted, live: Live) -> None:
    slow = "[[rules]]\nmatch = 'def deposit_'\nanswers = ['x x x x']\ndelay = 30.0\n"
    async with live(scripted_image(script_of({}, extra=slow))) as life:
        await life.line(MAKE)
        brief: dict[str, Value] = {"selector": "deposit_", "kwargs": {"amount": 1}}
        await life.submit(InitiateCycle(Names(("account",)), brief))
        for _ in range(2):
            view = await life.submit(Once("cancel", CancelMission("m1")))
            assert isinstance(view, MissionView)
            assert view.state == "FAILED"
