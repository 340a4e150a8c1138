"""What a client may not do, and what happens to one that takes nothing: others do not notice."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
import zmq

from battui.bridge.client import AsyncClient
from battui.bridge.frames import (
    Ended,
    Error,
    Events,
    Follow,
    Hello,
    Ping,
    Pong,
    Role,
    Stop,
    Submit,
    Welcome,
    pack_request,
)
from battui.bridge.schema import check, require, role_needed
from battui.bridge.session import MOST_AT_ONCE, MOST_FOLLOWED
from battui.bridge.sockets import Places
from battui.bridge.subscription import MOST_WAITING
from battui.contracts import commands as c
from battui.contracts.documents import Document, IndexDocuments, ListDocuments, RemoveDocuments
from battui.contracts.errors import BattuiError, Refused, UsageError
from battui.contracts.events import KernelEvent
from battui.contracts.personas import AddPersona, RemovePersona
from battui.contracts.replies import Answer
from battui.contracts.settings import load_settings
from tests.unit.bridge.raw_client import raw_client
from tests.unit.bridge.small_bridge import small_bridge

A = c.Path(("a",))
AB = c.Path(("a", "b"))


def event(number: int) -> KernelEvent:
    return KernelEvent(number, 0.0, "cell", "x" * 200)


@pytest.mark.parametrize(
    "command",
    [
        c.Read(c.Path(())),
        c.Read(c.Path(("",))),
        c.Read(c.Path(("a" * 81,))),
        c.Read(c.Path(("a",) * 65)),
        c.Read(c.Path((), 0)),
        c.Write(A, 1),
        c.Write(c.Path((), 3), 1),
        c.Send(A, "no selector"),
        c.Send(A, "_private"),
        c.Send(A, "a_", (1,) * 65),
        c.Send(A, "a_", named=(("x", 1), ("x", 2))),
        c.Send(A, "a_", intent="x" * 20_001),
        c.Bind("class", 1),
        c.Bind("a", c.Send(c.Path(()), "b_")),
        c.Ask(A, "x" * 20_001),
        c.Teach(A, "a_", ()),
        c.ListMissions(limit=0),
        c.ListHistory(limit=10_001),
        c.ShowMission("m" * 65),
        c.Undo("x" * 65),
        IndexDocuments(()),
        IndexDocuments((Document("", "a"),)),
        IndexDocuments((Document("a", ""),)),
        IndexDocuments((Document("a", "a", b"both", file="/a"),)),
        RemoveDocuments(()),
        ListDocuments(limit=0),
        AddPersona({}),
        c.Once("", c.Read(A)),
        c.Once("x" * 65, c.Read(A)),
        c.Once("x", c.Once("y", c.Read(A))),
    ],
    ids=lambda command: str(command)[:60],
)
def test_a_command_that_cannot_be_meant_is_refused(command: c.Command) -> None:
    with pytest.raises(BattuiError):
        check(command)


@pytest.mark.parametrize(
    ("command", "role"),
    [
        (c.Read(A), "read"),
        (c.Once("k", c.Read(A)), "read"),
        (c.ListHistory(), "read"),
        (c.Write(AB, 1), "send"),
        (c.Once("k", c.Send(A, "b_")), "send"),
        (c.InitiateCycle(A, {}), "send"),
        (ListDocuments(), "read"),
        (IndexDocuments((Document("a", "a", b"x"),)), "send"),
        (RemoveDocuments(("a",)), "send"),
        (c.Once("k", IndexDocuments((Document("a", "a", file="/a"),))), "administer"),
        (AddPersona({"name": "A"}), "administer"),
        (RemovePersona("A"), "administer"),
        (c.ApproveMission("m1"), "approve"),
        (c.Undo("m1"), "administer"),
        (c.Once("k", c.Undo("m1")), "administer"),
    ],
)
def test_each_command_needs_its_role(command: c.Command, role: Role) -> None:
    roles: tuple[Role, ...] = ("read", "send", "approve", "administer")
    for number, held in enumerate(roles):
        if number < roles.index(role):
            with pytest.raises(Refused):
                require(held, role_needed(command), "it")
        else:
            require(held, role_needed(command), "it")


async def test_whatever_is_said_wrongly_is_answered_as_such_and_the_next_is_served() -> None:
    async with small_bridge() as running, raw_client(running.endpoint) as client:
        for said in ((b"",), (b"x", b"y"), (b"\x91" * 1000,), (b"\x93\x02\x07\xc0",)):
            await client.say(*said)
            number, notice = await client.hear()
            assert isinstance(notice, Error)
            assert notice.code == "UsageError"
            assert number == (7 if said[0].startswith(b"\x93") else 0)
        await client.ask(5, Ping(b"still there"))
        assert await client.hear() == (5, Pong(b"still there"))


def test_a_high_water_mark_of_one_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no message ever comes through"):
        Places(tmp_path / "b" / "kernel.ipc", high_water=1)
    with pytest.raises(UsageError, match=r"bridge\.high_water"):
        load_settings({"bridge.high_water": 1}, {}, None)


async def test_a_client_refuses_it_as_well() -> None:
    async with small_bridge() as running:
        with pytest.raises(UsageError, match="high-water mark"):
            async with AsyncClient(running.endpoint, high_water=1):
                pass


async def test_hello_says_who_one_is_to_the_kernel() -> None:
    async with small_bridge() as running, raw_client(running.endpoint) as client:
        await client.ask(1, Hello("me"))
        number, welcome = await client.hear()
        assert isinstance(welcome, Welcome)
        assert (number, welcome.role, welcome.version) == (1, "administer", 1)


async def test_a_number_that_is_under_way_is_not_to_be_had() -> None:
    async with small_bridge() as running, raw_client(running.endpoint) as client:
        await client.ask(1, Submit(c.Undo("x")))
        await client.ask(1, Submit(c.Undo("x")))
        number, notice = await client.hear()
        assert isinstance(notice, Error)
        assert (number, notice.code) == (1, "UsageError")
        await client.ask(2, Follow())
        assert await client.hear() == (2, Events())
        await client.ask(2, Follow())
        assert isinstance((await client.hear())[1], Error)


async def test_too_much_at_once_is_busy_with_a_time_to_wait() -> None:
    async with small_bridge() as running, raw_client(running.endpoint) as client:
        for number in range(MOST_AT_ONCE + 1):
            await client.ask(number, Submit(c.Undo("x")))
        number, notice = await client.hear()
        assert isinstance(notice, Error)
        assert (number, notice.code) == (MOST_AT_ONCE, "Busy")
        assert notice.retry_after > 0
        for number in range(1_000, 1_000 + MOST_FOLLOWED):
            await client.ask(number, Follow())
            await client.hear()
        await client.ask(2_000, Follow())
        assert isinstance((await client.hear())[1], Error)


async def test_a_subscriber_that_takes_nothing_is_dropped_with_notice() -> None:
    async with small_bridge() as running, raw_client(running.endpoint) as client:
        await client.ask(1, Follow(window=10))
        assert await client.hear() == (1, Events())
        running.portal.tell(*map(event, range(1, 11)))
        taken = 0
        while taken < 10:
            _, notice = await client.hear()
            assert isinstance(notice, Events)
            taken += len(notice.events)
        running.portal.tell(*map(event, range(11, 13 + MOST_WAITING)))
        assert await client.hear() == (1, Ended("slow", 10))
        assert running.announced == ["the owner was too slow for the events it followed"]


async def test_a_client_that_takes_no_replies_is_given_up_and_others_are_served() -> None:
    async with (
        small_bridge(high_water=2) as running,
        raw_client(running.endpoint, RCVHWM=1, RCVBUF=4096) as deaf,
        AsyncClient(running.endpoint) as other,
    ):
        sent = 0
        while not running.announced:
            await deaf.ask(sent, Ping(b"x" * 30_000))
            sent += 1
            if sent % 50 == 0:
                assert await other.ping(b"served") == b"served"
        assert running.announced == ["the owner was dropped: it takes nothing of what it asked for"]
        assert await other.submit(c.Write(AB, 1)) == Answer(1, "written")


async def test_every_message_arrives_once_over_queues_of_two() -> None:
    total = 2_000
    async with small_bridge(high_water=2) as running:
        async with raw_client(running.endpoint, SNDHWM=2, RCVHWM=2) as client, trio.open_nursery() as nursery:

            async def send_all() -> None:
                for number in range(total):
                    await client.ask(number, Ping(str(number).encode()))

            nursery.start_soon(send_all)
            heard = [await client.hear() for _ in range(total)]
        assert heard == [(number, Pong(str(number).encode())) for number in range(total)]


async def test_stop_is_for_administrators_and_told_before_the_end() -> None:
    async with small_bridge() as running, raw_client(running.endpoint) as client:
        await client.say(pack_request(9, Stop()))
        assert await client.hear() == (9, Pong())
        assert running.stopped.is_set()


async def test_sockets_wake_each_other_on_asyncio_too() -> None:
    """The client runs on whatever loop there is."""
    import anyio.to_thread

    async with small_bridge() as running:

        async def talk() -> list[bytes]:
            async with AsyncClient(running.endpoint) as client, client.events() as events:
                answers = [await client.ping(str(number).encode()) for number in range(50)]
                await client.submit(c.Write(AB, 1))
                trio.from_thread.run_sync(running.portal.tell, event(1), trio_token=token)
                assert (await anext(events)).sequence == 1
                return answers

        token = trio.lowlevel.current_trio_token()
        answers = await trio.to_thread.run_sync(lambda: anyio.run(talk, backend="asyncio"))
        assert answers == [str(number).encode() for number in range(50)]


def test_zmq_has_curve() -> None:
    assert zmq.has("curve"), "without it there is no TCP"
