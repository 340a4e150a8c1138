"""Methods run in cells on many situations: what they answer, leave behind and raise.

One activation runs many methods on many situations, each on a clone of its own, because a cell costs more than most
methods. Where that fails as a whole (a limit, a value that cannot be kept) each run gets a cell of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice

import trio

from battui.contracts.activation import Activation, CellAnswer, CellLimits, MethodText, ObjectState
from battui.contracts.errors import Refused
from battui.contracts.values import Ref, Value
from battui.kernel.activation.judging import slots_after
from battui.kernel.cells.cells import CellBlock
from training.drawing import Situation, method_source

FRESH = 1
MANY = CellLimits(wall_s=20.0, cpu_s=3)
ONE = CellLimits(wall_s=5.0, cpu_s=2)

_ALONE = "run_alone_"
_SERIES = "run_series_"
_SERIES_SOURCE = """\
def run_series_(self, situations):
    methods = [{methods}]
    outcomes = []
    for number, slots, arguments in situations:
        fresh = self.clone(**slots)
        try:
            outcomes.append(['', methods[number](fresh, arguments), fresh])
        except Exception as error:
            outcomes.append([repr(error).partition('(')[0], None, None])
    return outcomes"""


@dataclass(frozen=True, slots=True)
class Job:
    """A method, and the situations that it is to be run in."""

    parameters: tuple[str, ...]
    body: str
    situations: Sequence[Situation]

    def method(self, selector: str) -> MethodText:
        """The method under a selector."""
        return MethodText(method_source(selector, self.parameters, self.body), self.parameters)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one situation. `raises` names an exception, `trouble` is any other failure in words."""

    result: Value = None
    after: Mapping[str, Value] | None = None
    raises: str = ""
    trouble: str = ""

    def agrees(self, other: Outcome) -> bool:
        """Whether both answer the same and leave the same behind, or raise the same."""
        if self.raises or other.raises or self.trouble or other.trouble:
            return (self.raises, self.trouble) == (other.raises, other.trouble)
        return self.result == other.result and self.after == other.after


class Runs:
    """Runs methods in the cells of a block."""

    def __init__(self, cells: CellBlock) -> None:
        self._cells = cells

    async def together(self, jobs: Sequence[Job]) -> list[list[Outcome]]:
        """What becomes of each job's situations; nothing can be told of missing signals."""
        activation = Activation(FRESH, _SERIES, {"situations": _told(jobs)}, limits=MANY)
        answer = await self._cells.activate(activation, _Fresh({}, _methods(jobs)), _Nothing())
        if answer.failure is None:
            return _dealt(_outcomes(answer), jobs)
        if len(jobs) == 1:
            return [await self._one_by_one(jobs[0])]
        return [outcomes for job in jobs for outcomes in await self.together([job])]

    async def alone(self, job: Job, situation: Situation) -> Outcome:
        """What becomes of one situation, in a cell of its own, where a missing signal is seen as well."""
        activation = Activation(FRESH, _ALONE, situation.arguments, limits=ONE)
        answer = await self.answer(activation, job.method(_ALONE), situation.slots)
        failure = answer.failure
        if failure is None:
            return Outcome(answer.result, slots_after(situation.slots, answer, FRESH))
        if failure.kind == "raised":
            return _raised(failure.error_type)
        return Outcome(trouble=f"{failure.kind}: {failure.message}")

    async def answer(
        self, activation: Activation, method: MethodText, slots: Mapping[str, Value]
    ) -> CellAnswer:
        """What a cell answers when the receiver of a message has these slots and that method."""
        source = _Fresh(slots, {activation.selector: method}, activation.receiver)
        return await self._cells.activate(activation, source, _Nothing())

    async def _one_by_one(self, job: Job) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for situation in job.situations:
            # What runs without end in one situation would take its time in all others, too.
            stopped = outcomes[-1] if outcomes and outcomes[-1].trouble else None
            outcomes.append(stopped or await self.alone(job, situation))
        return outcomes


@asynccontextmanager
async def cells_to_run_in(*, ahead: int = 2) -> AsyncIterator[Runs]:
    """A block of cells for as long as the context lasts."""
    cells = CellBlock(ahead=ahead)
    async with trio.open_nursery() as nursery:
        await nursery.start(cells.run)
        yield Runs(cells)
        nursery.cancel_scope.cancel()


class _Fresh:
    """A world of one object. Implements ObjectSource."""

    def __init__(
        self, slots: Mapping[str, Value], methods: Mapping[str, MethodText], oid: int = FRESH
    ) -> None:
        self._state = ObjectState(oid, bytes(8), slots, methods=methods, primitives=frozenset({"clone"}))

    async def load(self, oid: int) -> ObjectState | None:
        return self._state if oid == self._state.oid else None


class _Nothing:
    """What a method of a family can ask for. Implements CellServices."""

    async def call(self, name: str, receiver: int, arguments: Mapping[str, Value]) -> Value:
        raise Refused(f"{name} cannot be asked for here", about=f"{receiver}, {len(arguments)} arguments")


def _methods(jobs: Sequence[Job]) -> dict[str, MethodText]:
    selectors = [f"run_{number}_" for number in range(len(jobs))]
    calls = (f"lambda fresh, arguments: fresh.{selector}(**arguments)" for selector in selectors)
    driver = MethodText(_SERIES_SOURCE.format(methods=", ".join(calls)), ("situations",))
    methods = {selector: job.method(selector) for selector, job in zip(selectors, jobs, strict=True)}
    return {**methods, _SERIES: driver}


def _told(jobs: Sequence[Job]) -> Value:
    return [[number, one.slots, one.arguments] for number, job in enumerate(jobs) for one in job.situations]


def _dealt(outcomes: Sequence[Outcome], jobs: Sequence[Job]) -> list[list[Outcome]]:
    """The outcomes of all jobs, by job."""
    left = iter(outcomes)
    return [list(islice(left, len(job.situations))) for job in jobs]


def _outcomes(answer: CellAnswer) -> list[Outcome]:
    after = {new.oid: new.slots for new in answer.changes.created}
    assert isinstance(answer.result, list)
    return [_outcome(told, after) for told in answer.result]


def _outcome(told: Value, after: Mapping[int, Mapping[str, Value]]) -> Outcome:
    assert isinstance(told, list)
    raises, result, fresh = told
    if raises:
        return _raised(str(raises))
    assert isinstance(fresh, Ref)
    return Outcome(result, after[fresh.oid])


def _raised(error_type: str) -> Outcome:
    """What cannot be put into a slot is no exception that a method means to raise."""
    return Outcome(trouble="not-storable") if error_type == "NotStorable" else Outcome(raises=error_type)
