"""What a cell costs: one activation beside a bare fork, exit and wait, interleaved in the same run.

Run: python benchmarks/cell.py [ROUNDS]. The activation reads one object and changes one of its slots. The bare
fork is made by this process, which is of about the zygote's size and does nothing in the child.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Mapping

import trio

from battui.contracts.activation import Activation, MethodText, ObjectState
from battui.contracts.values import Value
from battui.kernel.cells.cells import CellBlock

DEPOSIT = """\
def deposit_(self, amount):
    self.balance = self.balance + amount
    self._p_changed = True
    return self.balance
"""
ACCOUNT = ObjectState(
    oid=1, serial=bytes(8), slots={"balance": 100}, methods={"deposit_": MethodText(DEPOSIT, ("amount",))}
)
ACTIVATION = Activation(1, "deposit_", {"amount": 50})
# Long enough for the zygote to have the next cell ready, as between two messages of a person or a script.
REST_S = 0.004


class OneAccount:
    """A snapshot of one object, and no services."""

    async def load(self, oid: int) -> ObjectState | None:
        """The account."""
        return ACCOUNT if oid == ACCOUNT.oid else None

    async def call(self, name: str, receiver: int, arguments: Mapping[str, Value]) -> Value:
        """Nothing is offered."""
        raise AssertionError((name, receiver, arguments))


def bare_fork() -> None:
    """Fork, exit, wait: the least that a process of one's own can cost."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


async def activate(block: CellBlock, account: OneAccount) -> None:
    """One activation, whose answer has to be right."""
    answer = await block.activate(ACTIVATION, account, account)
    if answer.result != 150:
        raise SystemExit(f"wrong answer: {answer}")


async def compare(block: CellBlock, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each bare fork and each activation, taken in turns."""
    account = OneAccount()
    bare, cell = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        bare_fork()
        bare.append((time.perf_counter() - began) * 1000)
        await trio.sleep(REST_S)
        began = time.perf_counter()
        await activate(block, account)
        cell.append((time.perf_counter() - began) * 1000)
        await trio.sleep(REST_S)
    return bare, cell


async def throughput(block: CellBlock, rounds: int, tasks: int) -> float:
    """Activations a second that `tasks` tasks get done together, without a pause."""
    account = OneAccount()

    async def work() -> None:
        for _ in range(rounds):
            await activate(block, account)

    began = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for _ in range(tasks):
            nursery.start_soon(work)
    return rounds * tasks / (time.perf_counter() - began)


def row(name: str, samples: list[float]) -> str:
    """One line of the table: quantiles in milliseconds."""
    cuts = statistics.quantiles(samples, n=100)
    return f"{name:<24}{cuts[49]:>9.2f}{cuts[89]:>9.2f}{cuts[98]:>9.2f}"


async def main(rounds: int) -> None:
    """Measure and print."""
    block = CellBlock(ahead=2, log=print)
    async with trio.open_nursery() as nursery:
        await nursery.start(block.run)
        await compare(block, 20)
        bare, cell = await compare(block, rounds)
        print(f"{'ms':<24}{'p50':>9}{'p90':>9}{'p99':>9}   ({rounds} rounds in turns)")
        print(row("fork, exit, wait", bare))
        print(row("activation in a cell", cell))
        print(f"ratio of the medians    {statistics.median(cell) / statistics.median(bare):9.2f}")
        print(f"1 task without pause    {await throughput(block, rounds, 1):9.0f} activations/s")
        print(f"2 tasks without pause   {await throughput(block, rounds, 2):9.0f} activations/s")
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]) if len(sys.argv) > 1 else 300)
