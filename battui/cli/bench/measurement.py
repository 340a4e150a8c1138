"""A measurement from its first task to its last: one kernel, one temporary image, progress on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

import trio

from battui.cli.bench.examination import Examination, Verdict
from battui.cli.bench.report import Report
from battui.cli.bench.tasks import Task
from battui.cli.headless import run_headless
from battui.contracts.commands import ShowStatus
from battui.contracts.errors import ModelUnavailable
from battui.contracts.portal import Portal
from battui.contracts.replies import KernelStatus
from battui.contracts.settings import Settings
from battui.kernel.cells.cells import CellBlock
from battui.kernel.organs import cell_limits


def measure(
    settings: Settings, tasks: Sequence[Task], report: Report, *, visible: bool, verbose: bool
) -> tuple[int, list[Verdict]]:
    """Put the tasks that the report does not have yet to a kernel on the image of `settings`.

    Return the exit code (a signal ends the work in order) and all verdicts there are.
    """
    verdicts = list(report.done(tasks))
    known = {verdict.id for verdict in verdicts}
    tell = _Progress(len(tasks), verdicts)

    async def work(portal: Portal) -> int:
        cells = CellBlock(ahead=settings.cell.ahead)
        async with trio.open_nursery() as nursery:
            await nursery.start(cells.run)
            await _engine_is_ready(portal)
            examination = Examination(portal, cells, cell_limits(settings.cell), visible=visible)
            for task in tasks:
                if task.id not in known:
                    verdict = await examination.examine(task)
                    report.add(verdict)
                    verdicts.append(verdict)
                    tell(verdict)
            nursery.cancel_scope.cancel()
        return 0

    if len(known) == len(tasks):
        return 0, verdicts
    quiet: Callable[[str], None] | None = None if verbose else _tell_nobody
    return run_headless(settings, work, verbose=verbose, tell=quiet, on_demand=False), verdicts


def settings_of_measurement(settings: Settings, samples: int) -> Settings:
    """Settings under which a mission writes so many candidates and no more, and asks nobody."""
    mission = replace(settings.mission, candidates=samples, attempts=1, approval="auto")
    return replace(settings, mission=mission)


async def _engine_is_ready(portal: Portal) -> None:
    """Wait until the model is loaded, so that no mission's seconds count it; raises ModelUnavailable."""
    async with portal.events() as events:
        status = await portal.submit(ShowStatus())
        assert isinstance(status, KernelStatus)
        _require_engine(status.engine.state, status.engine.message)
        if status.engine.state == "ready":
            return
        async for event in events:
            if event.kind == "engine":
                _require_engine(str(event.data.get("state")), event.text)
                if event.data.get("state") == "ready":
                    return


def _require_engine(state: str, message: str) -> None:
    if state in ("absent", "failed"):
        raise ModelUnavailable(message, about="the engine", remedy="`battui doctor` shows what is missing.")


class _Progress:
    """Says after each task how it went and how things stand."""

    def __init__(self, total: int, verdicts: Sequence[Verdict]) -> None:
        self._total = total
        self._verdicts = verdicts
        if verdicts:
            _say(f"{len(verdicts)} of {total} tasks are in the report already")

    def __call__(self, verdict: Verdict) -> None:
        right = sum(verdict.right for verdict in self._verdicts)
        word = "right" if verdict.right else "wrong" if verdict.installed else "not installed"
        _say(
            f"[{len(self._verdicts)} of {self._total}] {verdict.id} (tier {verdict.tier}): {word}"
            f"  {verdict.seconds:.1f} s, {verdict.tokens} tokens; {right} right so far"
        )
        if verdict.left_out:
            _say(f"  the expectation could not spell: {', '.join(verdict.left_out)}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _tell_nobody(line: str) -> None:
    """What the kernel says of each step, where only the verdicts matter."""
