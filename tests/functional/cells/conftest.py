"""A cell block with real processes, an object to send messages to, and a look at who lives."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
import trio

from battui.contracts.activation import Activation, CellAnswer, CellLimits, MethodText, ObjectState
from battui.contracts.errors import Refused
from battui.contracts.values import Ref, Value
from battui.kernel.cells.cells import CellBlock

AHEAD = 2
FOREVER = MethodText("def loop_(self):\n    while True:\n        pass")
LONG = CellLimits(wall_s=30.0, cpu_s=30)


class Shelf:
    """A snapshot of an object with a counter, and a service whose answer waits for `answer`."""

    def __init__(self) -> None:
        self.state = ObjectState(
            1,
            b"serial",
            slots={"count": 1, "next": Ref(2)},
            methods={
                "next_": MethodText("def next_(self):\n    return self.count + 1"),
                "ask_": MethodText("def ask_(self):\n    return self.infer_(prompt='?')"),
            },
            primitives=frozenset({"infer_"}),
        )
        self.asked = trio.Event()
        self.answer = trio.Event()
        self.refusal: Refused | None = None

    async def load(self, oid: int) -> ObjectState | None:
        return self.state if oid == 1 else None

    async def call(self, name: str, receiver: int, arguments: Mapping[str, Value]) -> Value:
        self.asked.set()
        await self.answer.wait()
        if self.refusal is not None:
            raise self.refusal
        return f"{name} of {receiver}: {arguments['prompt']}"


@pytest.fixture
async def block(nursery: trio.Nursery) -> CellBlock:
    block = CellBlock(ahead=AHEAD)
    await nursery.start(block.run)
    return block


async def send(
    block: CellBlock, selector: str, *, trial: MethodText | None = None, limits: CellLimits | None = None
) -> CellAnswer:
    shelf = Shelf()
    with trio.fail_after(20):
        return await block.activate(
            Activation(1, selector, trial=trial, limits=limits or CellLimits()), shelf, shelf
        )


def children(parent: int) -> set[int]:
    """The living children of a process."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.add(int(entry.parent.name))
    return found


def zygotes() -> set[int]:
    """The zygotes of this process."""
    return {pid for pid in children(os.getpid()) if b"start.py" in Path(f"/proc/{pid}/cmdline").read_bytes()}


async def ended(pid: int) -> None:
    """Wait until a process is gone."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        with trio.fail_after(10):
            await trio.lowlevel.wait_readable(handle)
    finally:
        os.close(handle)


async def cells_of(zygote: int) -> set[int]:
    """The cells that a zygote has forked ahead, once it has."""
    with trio.fail_after(10):
        while len(found := children(zygote)) < AHEAD:
            await trio.lowlevel.checkpoint()
    return found


async def running(zygote: int) -> int:
    """The cell of a zygote that uses the processor, once there is one."""
    with trio.fail_after(10):
        while True:
            for cell in children(zygote):
                if ticks(cell) > 5:
                    return cell
            await trio.lowlevel.checkpoint()


def ticks(pid: int) -> int:
    """The processor time of a process in its own code, in ticks; none for one that is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])
    except OSError:
        return 0
