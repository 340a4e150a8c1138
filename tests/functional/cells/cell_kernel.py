"""A kernel that runs a method without end; `test_cell_deaths` kills it."""

from __future__ import annotations

import trio

from battui.contracts.activation import Activation, CellLimits, MethodText, ObjectState
from battui.contracts.values import Value
from battui.kernel.cells.cells import CellBlock

LOOP = MethodText("def loop_(self):\n    while True:\n        pass")


class Shelf:
    """One empty object."""

    async def load(self, oid: int) -> ObjectState | None:
        """The object."""
        return ObjectState(oid, b"")

    async def call(self, name: str, receiver: int, arguments: object) -> Value:
        """Nothing is offered."""
        raise AssertionError(name)


async def main() -> None:
    """Start the block, say so, and run."""
    block = CellBlock(ahead=2)
    shelf = Shelf()
    async with trio.open_nursery() as nursery:
        await nursery.start(block.run)
        print("ready", flush=True)  # noqa: T201
        limits = CellLimits(wall_s=60.0, cpu_s=60)
        await block.activate(Activation(1, "loop_", trial=LOOP, limits=limits), shelf, shelf)


if __name__ == "__main__":
    trio.run(main)
