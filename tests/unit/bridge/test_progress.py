"""A command that asks for progress: the events of its mission, then its reply or what went wrong."""

from __future__ import annotations

import trio

from battui.bridge.frames import Error, Ok, Progress, Submit
from battui.contracts import commands as c
from battui.contracts.errors import MissionFailed
from battui.contracts.events import KernelEvent
from battui.contracts.replies import Answer
from tests.unit.bridge.raw_client import raw_client
from tests.unit.bridge.small_bridge import SmallPortal, small_bridge

A = c.Path(("a",))


async def test_progress_comes_before_the_reply() -> None:
    class Thinking(SmallPortal):
        async def submit(self, command: c.Command) -> Answer:
            self.commands.append(command)
            assert isinstance(command, c.Once)
            assert isinstance(command.command, c.Send)
            if not command.command.wait:
                return Answer("m1", "mission m1", "m1")
            self.tell(
                KernelEvent(1, 0.0, "token", "a piece", mission="m1"),
                KernelEvent(2, 0.0, "token", "another's", mission="m2"),
            )
            await trio.testing.wait_all_tasks_blocked(0.01)
            return Answer(5, "5", "m1", learned=True)

    send = c.Send(A, "b_")
    async with small_bridge(Thinking()) as running:
        async with raw_client(running.endpoint) as client:
            await client.ask(1, Submit(send, progress=True))
            number, progress = await client.hear()
            assert isinstance(progress, Progress)
            assert (number, progress.event.text) == (1, "a piece")
            assert await client.hear() == (1, Ok(Answer(5, "5", "m1", learned=True)))
        keys = {command.key for command in running.portal.commands if isinstance(command, c.Once)}
        assert len(keys) == 1, "the same command, asked for twice"


async def test_what_goes_wrong_is_told_as_itself_where_progress_is_asked_for_too() -> None:
    class Failing(SmallPortal):
        async def submit(self, command: c.Command) -> Answer:
            assert isinstance(command, c.Once)
            assert isinstance(command.command, c.Send)
            if command.command.wait:
                raise MissionFailed(
                    "none of the candidates passed", about="m1", remedy="battui missions show m1"
                )
            return Answer("m1", "mission m1", "m1")

    async with small_bridge(Failing()) as running, raw_client(running.endpoint) as client:
        await client.ask(1, Submit(c.Send(A, "b_"), progress=True))
        _, told = await client.hear()
    assert isinstance(told, Error)
    assert (told.code, told.about, told.remedy) == ("MissionFailed", "m1", "battui missions show m1")
