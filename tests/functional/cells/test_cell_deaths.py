"""The death of every part of the cell block, by cancellation or by a kill: nothing lingers, nobody waits for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from battui.contracts.activation import Activation, MethodText, ObjectState
from battui.contracts.errors import Unreachable
from battui.kernel.cells.cells import CellBlock
from tests.functional.cells.conftest import (
    AHEAD,
    FOREVER,
    LONG,
    Shelf,
    cells_of,
    children,
    ended,
    running,
    send,
    zygotes,
)


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
    monkeypatch.setattr(sys, "executable", program)
    block = CellBlock(log=said.append)
    await nursery.start(block.run)
    with pytest.raises(Unreachable, match="cannot be started"):
        await send(block, "next_")
    assert "cannot be started" in said[0]
