"""Clients send with keys while the kernel is killed twice: what was acknowledged is there, and once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest
import trio

from battui.bridge.client import AsyncClient
from battui.contracts.errors import UnknownObject
from battui.contracts.message_line import parse_line
from battui.contracts.replies import Answer
from battui.image.image import Image
from battui.image.world import World
from tests.functional.bridge.conftest import Serve, ServingKernel

CLIENTS = 8
AT_ONCE = 4


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("messages", [320, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_what_was_acknowledged_is_there_once_though_the_kernel_was_killed_twice(
    serving: Serve, messages: int
) -> None:
    kernel = serving()
    word = await trio.to_thread.run_sync(kernel.start)
    acknowledged: list[int] = []
    progress = trio.Event()

    def acknowledge(number: int) -> None:
        nonlocal progress
        acknowledged.append(number)
        progress.set()
        progress = trio.Event()

    async def send(client: AsyncClient, numbers: range) -> None:
        for number in numbers:
            # A clone is a new object each time it is made: done twice, it could be seen.
            line = (
                f"made.m{number} = {number}"
                if number % 2
                else f"clone{number} = genesis_obj.clone(n={number})"
            )
            await client.submit(parse_line(line), key=f"key {number}")
            acknowledge(number)

    async def one_client(first: int) -> None:
        async with AsyncClient(word["endpoint"], patience=100.0) as client, trio.open_nursery() as nursery:
            for lane in range(AT_ONCE):
                nursery.start_soon(send, client, range(first + lane * CLIENTS, messages, CLIENTS * AT_ONCE))

    async with AsyncClient(word["endpoint"]) as client:
        await client.line("made = genesis_obj.clone()")
    async with trio.open_nursery() as nursery:
        for number in range(CLIENTS):
            nursery.start_soon(one_client, number)
        for part in (messages // 3, 2 * messages // 3):
            while len(acknowledged) < part:
                await progress.wait()
            await trio.to_thread.run_sync(_again, kernel)
    assert sorted(acknowledged) == list(range(messages))
    assert await trio.to_thread.run_sync(kernel.stop) == 128 + 15
    made, clones = await trio.to_thread.run_sync(_contents, str(word["image"]))
    assert made == {f"m{number}": number for number in range(1, messages, 2)}
    assert clones == Counter(range(0, messages, 2)), "some command was done twice, or not at all"


def _again(kernel: ServingKernel) -> None:
    kernel.kill()
    kernel.start()


def _contents(place: str) -> tuple[dict[str, object], Counter[object]]:
    """What was written, and how many objects of each number there are, reachable or not."""
    with Image.open(place, create=False) as image:

        def look(world: World) -> tuple[dict[str, object], Counter[object]]:
            written = dict(world.lobby["made"]._slots)
            written.pop("parent*")
            return written, Counter(_numbers(world, image))

        return image.read(look)


def _numbers(world: World, image: Image) -> Iterator[object]:
    place = None
    while True:
        oid, _, _, place = image.database.storage.record_iternext(place)
        with suppress(UnknownObject):
            slots = world.object_at(int.from_bytes(oid, "big"))._slots
            if "n" in slots:
                yield slots["n"]
        if place is None:
            return


async def test_a_done_command_is_not_done_again_by_the_next_kernel(serving: Serve) -> None:
    """The reply is lost with the kernel, and the key finds it again."""
    kernel = serving()
    word = await trio.to_thread.run_sync(kernel.start)
    make = parse_line("account = genesis_obj.clone(balance=1)")
    async with AsyncClient(word["endpoint"], patience=100.0) as client:
        first = await client.submit(make, key="made")
        await trio.to_thread.run_sync(_again, kernel)
        assert await client.submit(make, key="made") == first
        again = await client.submit(make, key="another")
        assert isinstance(first, Answer)
        assert isinstance(again, Answer)
        assert again.value != first.value, "with another key it is another object"
