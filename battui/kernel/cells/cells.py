"""The cell block: a supervised zygote and the cells that it forked ahead."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

import trio

from battui.cell.sandbox import SandboxReport, probe
from battui.contracts.activation import (
    Activation,
    CellAnswer,
    CellFailure,
    CellServices,
    ObjectSource,
    ObjectState,
)
from battui.contracts.errors import UnknownObject, Unreachable
from battui.contracts.values import Ref
from battui.kernel.cells.cell_channel import CellChannel
from battui.kernel.cells.cell_zygote import CellProcess, ZygoteFailed, ZygoteGone, ZygoteProcess

_logger = logging.getLogger(__name__)

SHORTEST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 30.0
HEALTHY_S = 60.0
"""A zygote that lived this long is restarted at once, whatever happened before."""


class CellBlock:
    """Runs activations, each in a cell of its own.

    `ahead` cells stand ready, so an activation does not wait for a fork. `log` takes one sentence.
    """

    def __init__(self, *, ahead: int = 2, log: Callable[[str], None] = _logger.info) -> None:
        self._ahead = ahead
        self._log = log
        self._zygote: ZygoteProcess | None = None
        self._report: SandboxReport | None = None
        self._trouble = ""
        self._begun = False
        self.activations = 0
        self.kills = 0
        """How many methods were run, and how many of them were stopped."""
        self._news = trio.Event()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep a zygote running until cancelled; started once the first one is sealed or has failed."""
        self._begun, self._trouble = False, ""
        try:
            await self._many_lives(task_status)
        finally:
            self._zygote = None
            self._judge("the cell block is closed")

    async def activate(
        self, activation: Activation, source: ObjectSource, services: CellServices
    ) -> CellAnswer:
        """Run one activation; the answer is checked, its changes are not applied.

        Cancelling it kills the cell. Raises UnknownObject for a receiver that the source does not have,
        Unreachable where no cell can be had, and whatever the source raises.
        """
        receiver = await source.load(activation.receiver)
        if receiver is None:
            raise UnknownObject("there is no such object", about=str(Ref(activation.receiver)))
        answer = await self._attempt(activation, receiver, source, services)
        # A zygote may be lost to the machine's memory; a method that outlives two of them has to do with it.
        answer = answer or await self._attempt(activation, receiver, source, services) or _lost(activation)
        self.activations += 1
        self.kills += answer.failure is not None and answer.failure.kind == "stopped"
        return answer

    def guarantees(self) -> SandboxReport:
        """What seals the cells: what came into force, or what would before the first zygote is ready."""
        return self._report or probe()

    async def _attempt(
        self, activation: Activation, receiver: ObjectState, source: ObjectSource, services: CellServices
    ) -> CellAnswer | None:
        """The answer, or None where the cell died with its zygote before it asked or answered anything."""
        zygote, cell = await self._idle_cell()
        channel = CellChannel(cell, activation, source, services)
        try:
            answer = await channel.activate(receiver)
        finally:
            await zygote.kill(cell)
        lost = zygote.gone and cell.status is None and not channel.heard_anything
        return None if lost else answer

    async def _idle_cell(self) -> tuple[ZygoteProcess, CellProcess]:
        while True:
            zygote = await self._current()
            with suppress(ZygoteGone):
                return zygote, await zygote.take()

    async def _many_lives(self, task_status: trio.TaskStatus[None]) -> None:
        pause = SHORTEST_PAUSE_S
        while True:
            began = trio.current_time()
            await self._one_life(task_status)
            self._zygote = None
            pause = SHORTEST_PAUSE_S if trio.current_time() - began > HEALTHY_S else pause
            await trio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _one_life(self, task_status: trio.TaskStatus[None]) -> None:
        zygote = ZygoteProcess(self._ahead)

        def sealed(report: SandboxReport) -> None:
            self._zygote, self._report = zygote, report
            self._judge("")
            self._begin(task_status)

        try:
            await zygote.run(sealed)
        except ZygoteFailed as error:
            self._log(f"The cells cannot be started: {error}")
            self._judge(str(error))
            self._begin(task_status)
        else:
            self._log("The zygote of the cells has died and is started again")

    async def _current(self) -> ZygoteProcess:
        while self._zygote is None or self._zygote.gone:
            if self._trouble:
                raise Unreachable(
                    f"the cells cannot be started: {self._trouble}",
                    remedy="`battui doctor` shows what is missing.",
                )
            await self._news.wait()
        return self._zygote

    def _judge(self, trouble: str) -> None:
        """Note whether cells can be had, and wake whoever waits to know."""
        self._trouble = trouble
        self._news.set()
        self._news = trio.Event()

    def _begin(self, task_status: trio.TaskStatus[None]) -> None:
        if not self._begun:
            self._begun = True
            task_status.started()


def _lost(activation: Activation) -> CellAnswer:
    return CellAnswer(failure=CellFailure("stopped", f"{activation.selector} was lost with its cell, twice"))
