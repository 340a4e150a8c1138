"""One task put to a kernel: the message is sent, the mission runs its course, the hidden cases judge."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

import trio

from battui.cli.bench.expectations import expectation_of
from battui.cli.bench.judging import judge
from battui.cli.bench.tasks import Task
from battui.contracts.activation import CellLimits, MethodText
from battui.contracts.commands import (
    Bind,
    CancelMission,
    ListMissions,
    Path,
    Send,
    ShowMission,
    ShowObject,
    Undo,
)
from battui.contracts.errors import BattuiError, Refused, TimedOut, Unreachable
from battui.contracts.portal import Portal
from battui.contracts.replies import MissionList, MissionView, ObjectView
from battui.kernel.cells.cells import CellBlock

SUBJECT = Path(("subject",))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a task. `cases` has, for each hidden case, what the method lacks; empty where nothing.

    `seconds` go from the sending of the message to its answer, `tokens` count all that was generated for it.
    """

    id: str
    tier: str
    digest: str
    installed: bool = False
    right: bool = False
    seconds: float = 0.0
    tokens: int = 0
    sent: int = 0
    expectation: str = ""
    left_out: tuple[str, ...] = ()
    failure: str = ""
    source: str = ""
    cases: dict[str, str] = field(default_factory=dict)
    candidates: tuple[dict[str, object], ...] = ()


class Examination:
    """Examines the image behind a portal; nobody else may start missions there meanwhile."""

    def __init__(self, portal: Portal, cells: CellBlock, limits: CellLimits, *, visible: bool) -> None:
        self._portal = portal
        self._cells = cells
        self._limits = limits
        self._visible = visible

    async def examine(self, task: Task) -> Verdict:
        """Put `task` to the kernel. What was learned is taken back, so that no task learns from another.

        Raises Unreachable where image or engine cannot be had; all else that goes wrong is the task's verdict.
        """
        expectation, left_out = expectation_of(task.cases[task.sent]) if self._visible else ("", ())
        failure, seconds = await self._send(task, expectation)
        mission = await self._mission()
        if mission is None:
            failure = failure or "the object understands this message already"
        method = await self._method(task) if mission is not None else None
        lacking = await judge(self._cells, task.selector, method, task.hidden, self._limits) if method else {}
        if method and mission:
            await self._portal.submit(Undo(mission.id))
        return Verdict(
            id=task.id,
            tier=task.tier,
            digest=task.digest,
            installed=method is not None,
            right=method is not None and not any(lacking.values()),
            seconds=round(seconds, 3),
            tokens=mission.tokens if mission else 0,
            sent=task.sent,
            expectation=expectation,
            left_out=left_out,
            failure=failure,
            source=method.source if method else "",
            cases=lacking,
            candidates=_candidates(mission),
        )

    async def _send(self, task: Task, expectation: str) -> tuple[str, float]:
        """Make the object and send it the message; what went wrong, if anything, and the seconds it took."""
        case = task.cases[task.sent]
        clone = Send(Path(("genesis_obj",)), "clone", named=tuple(case.slots.items()))  # type: ignore[arg-type]
        message = Send(
            SUBJECT,
            task.selector,
            named=tuple((name, case.arguments[name]) for name in task.parameters),  # type: ignore[misc]
            intent=task.intent,
            expectation=expectation,
        )
        self._before = await self._newest()
        started = trio.current_time()
        try:
            await self._portal.submit(Bind(SUBJECT.names[0], clone))
            started = trio.current_time()
            await self._portal.submit(message)
        except Unreachable:
            raise
        except TimedOut as error:
            # It may have ended since, and is then judged by what it has installed.
            with suppress(Refused):
                await self._portal.submit(CancelMission(error.about))
            return str(error), trio.current_time() - started
        except BattuiError as error:
            return str(error), trio.current_time() - started
        return "", trio.current_time() - started

    async def _newest(self) -> str:
        reply = await self._portal.submit(ListMissions(limit=1))
        assert isinstance(reply, MissionList)
        return reply.missions[0].id if reply.missions else ""

    async def _mission(self) -> MissionView | None:
        """The mission that the message became; None where it became none."""
        newest = await self._newest()
        if newest == self._before:
            return None
        reply = await self._portal.submit(ShowMission(newest))
        assert isinstance(reply, MissionView)
        return reply

    async def _method(self, task: Task) -> MethodText | None:
        reply = await self._portal.submit(ShowObject(SUBJECT))
        assert isinstance(reply, ObjectView)
        for slot in reply.slots:
            if slot.name == task.selector and not slot.holder and slot.method is not None:
                return MethodText(slot.method.source, slot.method.parameters)
        return None


def _candidates(mission: MissionView | None) -> tuple[dict[str, object], ...]:
    """Every candidate of the mission, for the report."""
    return tuple(
        {
            "index": candidate.index,
            "source": candidate.source,
            "accepted": candidate.accepted,
            "chosen": candidate.chosen,
            "verdict": candidate.verdict,
        }
        for candidate in (mission.candidates if mission else ())
    )
