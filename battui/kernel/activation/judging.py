"""Whether a cell's answer is what a case asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from battui.contracts.activation import CellAnswer, ObjectSource, ObjectState
from battui.contracts.cases import Case
from battui.contracts.values import Value
from battui.mind.briefs import abridge


class CopyWithSlots:
    """Objects as `source` has them, but for one: a copy of it that holds other data. Implements ObjectSource."""

    def __init__(self, source: ObjectSource, oid: int, slots: Mapping[str, Value]) -> None:
        self._source = source
        self._oid = oid
        self._slots = slots

    async def load(self, oid: int) -> ObjectState | None:
        """The object's state, with the other slots where it is the one."""
        state = await self._source.load(oid)
        return state if state is None or oid != self._oid else replace(state, slots=self._slots)


def shortfall(case: Case, answer: CellAnswer, oid: int) -> str:
    """What keeps `answer` from being what `case` asks of the object with this oid; empty where it is that."""
    failure = answer.failure
    if failure is not None:
        if failure.kind == "raised" and failure.error_type == case.raises:
            return ""
        return f"{failure.error_type or failure.kind}: {failure.message}"
    if case.raises:
        return f"it did not raise {case.raises}"
    if case.answers and answer.result != case.result:
        return f"the result is {abridge(answer.result)}, not {abridge(case.result)}"
    return "; ".join(_differences(slots_after(case.slots, answer, oid), case.after))


def slots_after(slots: Mapping[str, Value], answer: CellAnswer, oid: int) -> dict[str, Value]:
    """The data slots of an object that had `slots` before the activation that was answered so."""
    after = dict(slots)
    for change in answer.changes.changes:
        if change.oid == oid:
            after.update(change.put)
            for name in change.removed:
                after.pop(name, None)
    return after


def _differences(found: Mapping[str, Value], wanted: Mapping[str, Value]) -> Iterator[str]:
    for name in (*wanted, *(name for name in found if name not in wanted)):
        if name not in found:
            yield f"the slot {name} is gone"
        elif name not in wanted:
            yield f"the slot {name} should not be there"
        elif found[name] != wanted[name]:
            yield f"{name} is {abridge(found[name])}, not {abridge(wanted[name])}"
