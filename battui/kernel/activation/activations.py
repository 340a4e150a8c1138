"""Learned methods, run in a cell on what the image holds now, and counted."""

from __future__ import annotations

from battui.contracts.activation import Activation, CellAnswer, CellLimits
from battui.image.image import Image
from battui.image.snapshot import Snapshot
from battui.kernel.activation.services import Services
from battui.kernel.cells.cells import CellBlock
from battui.kernel.events.bus import Bus
from battui.kernel.transactions.ledger import Ledger

ATTEMPTS = 8
"""How often an activation is done again because what it read has changed meanwhile."""


MAX_PRINTED = 2_000
"""Characters of what a method printed that are announced."""


class Activations:
    """Runs activations; what came of one is not in the image before somebody applies it.

    `limits` are those of every activation that a message leads to.
    """

    def __init__(
        self,
        *,
        image: Image,
        cells: CellBlock,
        services: Services,
        ledger: Ledger,
        bus: Bus,
        limits: CellLimits,
    ) -> None:
        self._image = image
        self._cells = cells
        self._services = services
        self._ledger = ledger
        self._bus = bus
        self.limits = limits

    async def run(self, activation: Activation, about: str) -> CellAnswer:
        """Run one activation on a snapshot and count it; what it printed, or that it was stopped, is announced."""
        with Snapshot(self._image) as snapshot:
            cell = await self._cells.activate(activation, snapshot, self._services)
        self._ledger.record_send(activation.selector, cell.seconds, failed=cell.failure is not None)
        if cell.failure is not None and cell.failure.kind == "stopped":
            self._bus.announce("cell", cell.failure.message, level="warning", about=about)
        if cell.printed:
            self._bus.announce("cell", f"printed: {cell.printed[:MAX_PRINTED].rstrip()}", about=about)
        return cell
