"""From a command that is posted to its reply: bounded, side by side, and nobody left waiting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import outcome
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from battui.contracts.commands import Command, ListObjects, Path, Read, ShowMission
from battui.contracts.errors import Busy, UnknownObject, Unreachable
from battui.contracts.replies import Answer, Reply
from battui.kernel.events.bus import Bus
from battui.kernel.messages.mailbox import Mailbox
from battui.kernel.worker import AT_ONCE, Worker

ANSWER = Answer(1, "1")
Perform = Callable[[Command], Awaitable[Reply]]


class Senders:
    """Sends commands and keeps what came of each, in the order of the answers."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.results: list[tuple[Command, outcome.Maybe[Reply]]] = []

    async def send(self, command: Command) -> None:
        self.results.append((command, await outcome.acapture(self.mailbox.post, command)))

    def errors(self) -> list[type[BaseException]]:
        return [type(result.error) for _, result in self.results if isinstance(result, outcome.Error)]


def read(name: str) -> Read:
    return Read(Path((name,)))


async def never(command: Command) -> Reply:
    await trio.sleep_forever()
    raise AssertionError


async def test_a_letter_is_taken_and_answered() -> None:
    mailbox = Mailbox(1)
    senders = Senders(mailbox)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(senders.send, read("a"))
        letter = await mailbox.next()
        assert letter.command == read("a")
        letter.answer(outcome.Value(ANSWER))
    assert senders.results == [(read("a"), outcome.Value(ANSWER))]


async def test_a_full_box_says_busy_at_once_and_takes_letters_again_when_there_is_room() -> None:
    mailbox = Mailbox(2)
    senders = Senders(mailbox)
    async with trio.open_nursery() as nursery:
        for name in "ab":
            nursery.start_soon(senders.send, read(name))
        await wait_all_tasks_blocked()
        assert mailbox.waiting == 2
        with pytest.raises(Busy, match="Try again"):
            await mailbox.post(read("c"))
        (await mailbox.next()).answer(outcome.Value(ANSWER))
        nursery.start_soon(senders.send, read("d"))
        await wait_all_tasks_blocked()
        assert mailbox.waiting == 2
        nursery.cancel_scope.cancel()


async def test_a_closed_box_takes_none_and_still_hands_out_what_it_has() -> None:
    mailbox = Mailbox(2)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(Senders(mailbox).send, read("a"))
        await wait_all_tasks_blocked()
        mailbox.close()
        with pytest.raises(Unreachable, match="shutting down"):
            await mailbox.post(read("b"))
        (await mailbox.next()).answer(outcome.Value(ANSWER))
        with pytest.raises(trio.EndOfChannel):
            await mailbox.next()


async def test_who_stops_waiting_takes_nothing_back() -> None:
    mailbox = Mailbox(2)
    with trio.move_on_after(0):
        await mailbox.post(read("a"))
    assert (await mailbox.next()).command == read("a")


class Running:
    """A worker at its mailbox, and senders in front of it."""

    def __init__(self, perform: Perform, capacity: int = 8) -> None:
        self.mailbox = Mailbox(capacity)
        self.bus = Bus(100)
        self.worker = Worker(self.mailbox, self.bus, perform)
        self.senders = Senders(self.mailbox)

    async def perform(self, *commands: Command) -> list[tuple[Command, outcome.Maybe[Reply]]]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.worker.run)
            async with trio.open_nursery() as sending:
                for command in commands:
                    sending.start_soon(self.senders.send, command)
            self.mailbox.close()
        return self.senders.results


async def test_errors_and_faults_reach_their_sender_and_nobody_else() -> None:
    async def perform(command: Command) -> Reply:
        match command:
            case ShowMission():
                raise UnknownObject("there is no such mission")
            case ListObjects():
                raise ZeroDivisionError("a fault")
        return ANSWER

    running = Running(perform)
    results = dict(await running.perform(read("a"), ShowMission("m1"), ListObjects(), read("b")))

    assert results[read("a")] == results[read("b")] == outcome.Value(ANSWER)
    assert set(running.senders.errors()) == {UnknownObject, ZeroDivisionError}
    running.bus.end()
    async with running.bus.follow(0) as events:
        told = [(event.kind, event.level, event.text) async for event in events]
    assert told == [("error", "error", "ZeroDivisionError: a fault")], "a refusal is no fault"


async def test_a_slow_command_holds_no_other_up(autojump_clock: trio.abc.Clock) -> None:
    async def perform(command: Command) -> Reply:
        await trio.sleep(1000 if command == read("slow") else 1)
        return ANSWER

    results = await Running(perform).perform(read("slow"), read("quick"))

    assert [command for command, _ in results] == [read("quick"), read("slow")]


async def test_no_more_than_so_many_are_performed_at_once(autojump_clock: trio.abc.Clock) -> None:
    at_once: set[int] = set()
    under_way = 0

    async def perform(command: Command) -> Reply:
        nonlocal under_way
        under_way += 1
        at_once.add(under_way)
        await trio.sleep(1)
        under_way -= 1
        return ANSWER

    commands = [read(f"a{number}") for number in range(AT_ONCE + 10)]
    results = await Running(perform, capacity=2 * AT_ONCE).perform(*commands)

    assert max(at_once) == AT_ONCE
    assert len(results) == AT_ONCE + 10


async def test_when_the_box_is_closed_the_worker_finishes_what_was_accepted(
    autojump_clock: trio.abc.Clock,
) -> None:
    async def perform(command: Command) -> Reply:
        await trio.sleep(10)
        return ANSWER

    running = Running(perform)
    async with trio.open_nursery() as nursery:
        for name in "abc":
            nursery.start_soon(running.senders.send, read(name))
        await wait_all_tasks_blocked()
        running.mailbox.close()
        await running.worker.run()
    assert [result for _, result in running.senders.results] == [outcome.Value(ANSWER)] * 3


@pytest.mark.parametrize("commands", [1, AT_ONCE + 5])
async def test_a_worker_that_is_cancelled_leaves_nobody_waiting(
    autojump_clock: trio.abc.Clock, commands: int
) -> None:
    """Those under way are told, and those whose letters nobody has taken yet."""
    running = Running(never, capacity=2 * AT_ONCE)
    with trio.fail_after(5):
        async with trio.open_nursery() as sending:
            for number in range(commands):
                sending.start_soon(running.senders.send, read(f"a{number}"))
            with trio.move_on_after(1):
                await running.worker.run()
    assert running.senders.errors() == [Unreachable] * commands
    with pytest.raises(Unreachable):
        await running.mailbox.post(read("late"))
