"""Durable sends of a learned method, beside reads of a slot and beside the disk, which bounds them.

Run: python -m benchmarks.sends [SECONDS]. Every sender has an account of its own and sends its next message when the
last one is answered, that is, when its change is on disk. All figures are taken in one run.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import trio

from battui.contracts.message_line import parse_line
from battui.contracts.settings import Settings, load_settings
from battui.guardian import certify, review
from battui.image.image import Image
from battui.image.method import Method
from battui.image.objects import clone_of
from battui.image.world import World
from battui.kernel.kernel import Kernel

SENDERS = (1, 8, 32)
RECORD = b"x" * 300
SOURCE = """\
def deposit_(self, amount):
    self.balance = self.balance + amount
    self._p_changed = True
    return self.balance
"""


def make_accounts(world: World) -> None:
    """One account a sender; all share the method."""
    verdict = review(SOURCE)
    method = Method(
        verdict.source, "deposit_", verdict.parameters, certificate=certify(verdict, ()), provenance={}
    )
    account = world.store(clone_of(world.root["genesis_obj"], {"balance": 0, "deposit_": method}))
    for number in range(max(SENDERS)):
        world.bind(f"account{number}", world.store(clone_of(account)))


async def rate(act: Callable[[int], Awaitable[object]], tasks: int, seconds: float) -> float:
    """How often a second `act` is done by `tasks` tasks side by side."""
    done = 0

    async def repeat(number: int) -> None:
        nonlocal done
        while True:
            await act(number)
            done += 1

    with trio.move_on_after(seconds):
        async with trio.open_nursery() as nursery:
            for number in range(tasks):
                nursery.start_soon(repeat, number)
    return done / seconds


def appends(folder: Path, seconds: float) -> float:
    """How often a second a record can be appended and be on disk."""
    done, end = 0, time.perf_counter() + seconds
    with (folder / "log").open("ab") as file:
        while time.perf_counter() < end:
            file.write(RECORD)
            file.flush()
            os.fsync(file.fileno())
            done += 1
    return done / seconds


async def measure(settings: Settings, folder: Path, seconds: float) -> None:
    """Take all figures and print them as a table."""
    kernel = Kernel(settings)
    async with trio.open_nursery() as nursery:
        await nursery.start(kernel.run)
        floor = appends(folder, seconds)
        print(f"append + fsync               {floor:8.0f} /s")
        for senders in SENDERS:

            async def read(number: int) -> object:
                return await kernel.portal.submit(parse_line(f"account{number}.balance"))

            async def send(number: int) -> object:
                return await kernel.portal.submit(parse_line(f"account{number}.deposit_(amount=1)"))

            reads = await rate(read, senders, seconds)
            sends = await rate(send, senders, seconds)
            print(f"{senders:3d} senders: reads of a slot  {reads:8.0f} /s")
            print(
                f"{senders:3d} senders: durable sends    {sends:8.0f} /s   {sends / floor:5.2f} of append + fsync"
            )
        kernel.stop()


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with Image.open(str(folder / "image")) as image:
            image.perform("make accounts", make_accounts)
        flags = {"image": str(folder / "image"), "engine.name": "none", "heartbeat.enabled": False}
        settings = load_settings(flags, {"XDG_STATE_HOME": place}, None)
        trio.run(measure, settings, folder, seconds)


if __name__ == "__main__":
    main()
