"""Methods run in cells on many situations: what they answer, leave behind and raise.

One activation runs a method on all situations, each on a clone of its own, because a cell costs more than most
methods. Where that fails as a whole (a limit, a value that cannot be kept) each situation gets a cell of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from battui.contracts.activation import Activation, CellAnswer, CellLimits, MethodText, ObjectState
from battui.contracts.errors import Refused
from battui.contracts.values import Ref, Value
from battui.kernel.cells import CellBlock
from battui.kernel.judging import slots_after
from training.drawing import Situation

FRESH = 1
LIMITS = CellLimits(wall_s=10.0, cpu_s=5)

_SERIES = "run_series_"
_SERIES_SOURCE = """\
def run_series_(self, situations):
    outcomes = []
    for slots, arguments in situations:
        fresh = self.clone(**slots)
        try:
            outcomes.append(['', fresh.{selector}(**arguments), fresh])
        except Exception as error:
            outcomes.append([repr(error).partition('(')[0], None, None])
    return outcomes"""


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

    async def series(
        self, selector: str, method: MethodText, situations: Sequence[Situation]
    ) -> list[Outcome]:
        """What becomes of each situation."""
        driver = MethodText(_SERIES_SOURCE.format(selector=selector), ("situations",))
        methods = {selector: method, _SERIES: driver}
        told: Value = [[one.slots, one.arguments] for one in situations]
        answer = await self._activate(_SERIES, {"situations": told}, _Fresh({}, methods))
        if answer.failure is None:
            return _outcomes(answer)
        return [await self.alone(selector, method, situation) for situation in situations]

    async def alone(self, selector: str, method: MethodText, situation: Situation) -> Outcome:
        """What becomes of one situation, in a cell of its own, where a missing signal is seen as well."""
        source = _Fresh(situation.slots, {selector: method})
        answer = await self._activate(selector, situation.arguments, source)
        failure = answer.failure
        if failure is None:
            return Outcome(answer.result, slots_after(situation.slots, answer, FRESH))
        if failure.kind == "raised":
            return Outcome(raises=failure.error_type)
        return Outcome(trouble=f"{failure.kind}: {failure.message}")

    async def _activate(self, selector: str, arguments: Mapping[str, Value], source: _Fresh) -> CellAnswer:
        activation = Activation(FRESH, selector, arguments, limits=LIMITS)
        return await self._cells.activate(activation, source, _Nothing())


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

    def __init__(self, slots: Mapping[str, Value], methods: Mapping[str, MethodText]) -> None:
        self._state = ObjectState(FRESH, bytes(8), slots, methods=methods, primitives=frozenset({"clone"}))

    async def load(self, oid: int) -> ObjectState | None:
        return self._state if oid == FRESH else None


class _Nothing:
    """What a method of a family can ask for. Implements CellServices."""

    async def call(self, name: str, receiver: int, arguments: Mapping[str, Value]) -> Value:
        raise Refused(f"{name} cannot be asked for here", about=f"{receiver}, {len(arguments)} arguments")


def _outcomes(answer: CellAnswer) -> list[Outcome]:
    after = {new.oid: new.slots for new in answer.changes.created}
    assert isinstance(answer.result, list)
    return [_outcome(told, after) for told in answer.result]


def _outcome(told: Value, after: Mapping[int, Mapping[str, Value]]) -> Outcome:
    assert isinstance(told, list)
    raises, result, fresh = told
    if raises:
        return Outcome(raises=str(raises))
    assert isinstance(fresh, Ref)
    return Outcome(result, after[fresh.oid])
