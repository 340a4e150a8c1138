"""The cell block with real processes: concurrency, time, services, and the guarantees in force."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from battui.cell.sandbox import probe
from battui.contracts.activation import Activation, CellLimits, MethodText
from battui.contracts.errors import Refused, UnknownObject
from battui.kernel.cells.cells import CellBlock
from tests.functional.cells.conftest import (
    FOREVER,
    LONG,
    Shelf,
    running,
    send,
    zygotes,
)

NO_MORE = ("Max open files", "Max file size", "Max processes", "Max core file size")


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
