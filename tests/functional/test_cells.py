"""The cell block with real processes: concurrency, time, cancellation, and the death of every part."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import trio

from battui.cell.sandbox import probe
from battui.contracts.activation import Activation, CellAnswer, CellLimits, MethodText, ObjectState
from battui.contracts.errors import Refused, UnknownObject, Unreachable
from battui.contracts.values import Ref, Value
from battui.kernel import cell_zygote
from battui.kernel.cells import CellBlock

AHEAD = 2
NO_MORE = ("Max open files", "Max file size", "Max processes", "Max core file size")
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


def status(pid: int) -> dict[str, str]:
    """What the kernel says of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


async def test_many_activations_at_once(block: CellBlock) -> None:
    answers = []

    async def one() -> None:
        answers.append((await send(block, "next_")).result)

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(one)
    assert answers == [2] * 20


async def test_a_cell_is_used_once(block: CellBlock) -> None:
    remember = MethodText(
        "def x(self):\n    math_of = json.dumps.__globals__\n    return math_of.setdefault('seen', 0)"
    )
    leave = MethodText("def x(self):\n    json.dumps.__globals__['seen'] = 1\n    return 1")
    assert (await send(block, "x", trial=leave)).result == 1
    assert (await send(block, "x", trial=remember)).result == 0


async def test_a_slow_cell_does_not_hold_up_another(block: CellBlock) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: send(block, "loop_", trial=FOREVER, limits=LONG))
        for _ in range(5):
            assert (await send(block, "next_")).result == 2
        nursery.cancel_scope.cancel()


async def test_waiting_for_a_service_is_not_the_cell_s_time(block: CellBlock) -> None:
    shelf = Shelf()
    answers = []

    async def ask() -> None:
        activation = Activation(1, "ask_", limits=CellLimits(wall_s=0.3))
        answers.append(await block.activate(activation, shelf, shelf))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await shelf.asked.wait()
        # Real time has to pass: the cell's clock is the thing under test.
        await trio.sleep(0.6)
        shelf.answer.set()
    assert answers[0].result == "infer_ of 1: ?"
    assert answers[0].seconds < 0.3


async def test_a_refused_service_is_an_error_in_the_method(block: CellBlock) -> None:
    shelf = Shelf()
    shelf.answer.set()
    shelf.refusal = Refused("no model is at hand", remedy="Fetch one.")
    answer = await block.activate(Activation(1, "ask_"), shelf, shelf)
    assert answer.failure is not None
    assert (answer.failure.error_type, answer.failure.message) == (
        "RuntimeError",
        "no model is at hand. Fetch one.",
    )


async def test_a_receiver_that_is_not_there(block: CellBlock) -> None:
    shelf = Shelf()
    with pytest.raises(UnknownObject, match="@7"):
        await block.activate(Activation(7, "next_"), shelf, shelf)


async def test_cancelling_kills_the_cell(block: CellBlock) -> None:
    (zygote,) = zygotes()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: send(block, "loop_", trial=FOREVER, limits=LONG))
        cell = await running(zygote)
        nursery.cancel_scope.cancel()
    await ended(cell)
    assert (await send(block, "next_")).result == 2


async def test_a_dead_zygote_takes_its_cells_along_and_is_replaced(block: CellBlock) -> None:
    (zygote,) = zygotes()
    cells = await cells_of(zygote)
    os.kill(zygote, signal.SIGKILL)
    for cell in cells:
        await ended(cell)
    assert (await send(block, "next_")).result == 2
    assert zygotes() != {zygote}


async def test_a_method_without_end_dies_with_its_zygote(block: CellBlock) -> None:
    (zygote,) = zygotes()
    answers = []

    async def loop() -> None:
        answers.append(await send(block, "loop_", trial=FOREVER, limits=LONG))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(loop)
        for _ in range(2):
            (zygote,) = zygotes()
            cell = await running(zygote)
            os.kill(zygote, signal.SIGKILL)
            await ended(cell)
            await ended(zygote)
            await send(block, "next_")
    assert answers[0].failure is not None
    assert answers[0].failure.message == "loop_ was lost with its cell, twice"


async def test_the_death_of_a_zygote_under_a_running_method_is_told(block: CellBlock) -> None:
    (zygote,) = zygotes()
    trial = MethodText("def x(self):\n    self.next.name")
    shelf = Shelf()
    reached = trio.Event()

    async def load(oid: int) -> ObjectState | None:
        if oid == 2:
            reached.set()
            await trio.sleep_forever()
        return shelf.state

    shelf.load = load  # type: ignore[method-assign]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(block.activate, Activation(1, "x", trial=trial), shelf, shelf)
        await reached.wait()
        cell = min(await cells_of(zygote))
        os.kill(zygote, signal.SIGKILL)
        await ended(cell)
        assert (await send(block, "next_")).result == 2
        nursery.cancel_scope.cancel()


async def test_an_idle_cell_that_dies_is_replaced(block: CellBlock) -> None:
    (zygote,) = zygotes()
    for cell in await cells_of(zygote):
        os.kill(cell, signal.SIGKILL)
        await ended(cell)
    for _ in range(3):
        assert (await send(block, "next_")).result == 2


async def test_cancelling_the_block_leaves_no_process() -> None:
    block = CellBlock(ahead=AHEAD)
    async with trio.open_nursery() as nursery:
        await nursery.start(block.run)
        (zygote,) = zygotes()
        assert (await send(block, "next_")).result == 2
        cells = await cells_of(zygote)
        nursery.start_soon(lambda: send(block, "loop_", trial=FOREVER, limits=LONG))
        cells.add(await running(zygote))
        nursery.cancel_scope.cancel()
    for pid in (zygote, *cells):
        await ended(pid)
        assert not await trio.Path(f"/proc/{pid}").exists()


@pytest.fixture
def kernel() -> Iterator[subprocess.Popen[str]]:
    """A kernel of its own, with a cell that loops."""
    script = Path(__file__).with_name("cell_kernel.py")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as kernel:
        yield kernel
        kernel.kill()


async def test_a_killed_kernel_leaves_no_process(kernel: subprocess.Popen[str]) -> None:
    """A SIGKILL gives the kernel no chance to clean up: the zygote and a looping cell end by themselves."""
    try:
        assert kernel.stdout is not None
        assert await trio.to_thread.run_sync(kernel.stdout.readline) == "ready\n"
        (zygote,) = children(kernel.pid)
        cells = await cells_of(zygote) | {await running(zygote)}
    finally:
        kernel.kill()
    for pid in (zygote, *cells):
        await ended(pid)


async def test_a_closed_block_says_so() -> None:
    block = CellBlock()
    async with trio.open_nursery() as nursery:
        await nursery.start(block.run)
        nursery.cancel_scope.cancel()
    with pytest.raises(Unreachable, match="closed"):
        await send(block, "next_")


async def test_a_block_can_be_run_again() -> None:
    block = CellBlock()
    for _ in range(2):
        async with trio.open_nursery() as nursery:
            await nursery.start(block.run)
            assert (await send(block, "next_")).result == 2
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize("program", ["/nonexistent/python", "/bin/true"])
async def test_without_a_zygote_nobody_waits_for_ever(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    said: list[str] = []
    monkeypatch.setattr(cell_zygote.sys, "executable", program)
    block = CellBlock(log=said.append)
    await nursery.start(block.run)
    with pytest.raises(Unreachable, match="cannot be started"):
        await send(block, "next_")
    assert "cannot be started" in said[0]


async def test_the_report_is_what_is_in_force(block: CellBlock) -> None:
    (zygote,) = zygotes()
    report = block.guarantees()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: send(block, "loop_", trial=FOREVER, limits=LONG))
        cell = await running(zygote)
        found = status(cell)
        limits = (await trio.Path(f"/proc/{cell}/limits").read_text()).splitlines()
        nursery.cancel_scope.cancel()
    assert found["NoNewPrivs"] == "1"
    assert found["Uid"].split() == [str(report.uid)] * 4
    assert found["Seccomp"] == ("2" if report.seccomp else "0")
    assert int(found["CapEff"], 16) == 0 or not report.own_uid
    none = [line for line in limits if line.startswith(NO_MORE)]
    assert [line.split()[-3:-1] for line in none] == [["0", "0"]] * len(NO_MORE)


def test_the_probe_foretells_the_report() -> None:
    assert CellBlock().guarantees() == probe()
