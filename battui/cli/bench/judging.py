"""Hidden cases: a learned method on fresh objects, each in a cell of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from battui.contracts.activation import Activation, CellLimits, MethodText, ObjectState
from battui.contracts.cases import Case
from battui.contracts.values import Value
from battui.kernel.activation.judging import NoServices, shortfall
from battui.kernel.cells.cells import CellBlock

FRESH = 1
"""The oid of the only object that a judged method meets."""


class _Fresh:
    """A world of one object: it has a case's slots and the method. Implements ObjectSource."""

    def __init__(self, slots: Mapping[str, Value], selector: str, method: MethodText) -> None:
        methods = {selector: method}
        self._state = ObjectState(FRESH, bytes(8), slots, methods=methods, primitives=frozenset({"clone"}))

    async def load(self, oid: int) -> ObjectState | None:
        return self._state if oid == FRESH else None


async def judge(
    cells: CellBlock, selector: str, method: MethodText, cases: Sequence[Case], limits: CellLimits
) -> dict[str, str]:
    """What keeps the method from passing each case, by the case's name; empty for those that it passes."""
    shortfalls = {}
    for case in cases:
        activation = Activation(FRESH, selector, case.arguments, limits=limits)
        source = _Fresh(case.slots, selector, method)
        answer = await cells.activate(activation, source, NoServices())
        shortfalls[case.name] = shortfall(case, answer, FRESH)
    return shortfalls
