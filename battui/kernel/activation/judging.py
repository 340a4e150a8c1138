"""What a method is judged by: the data it meets, what it may ask for, and whether its answer is what a case wants."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from battui.contracts.activation import CellAnswer, ObjectSource, ObjectState
from battui.contracts.cases import Case
from battui.contracts.errors import Refused
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


class NoServices:
    """What can be asked for while a method is judged: nothing. Implements contracts.activation.CellServices."""

    async def call(self, name: str, receiver: int, arguments: Mapping[str, Value]) -> Value:
        """Raise Refused."""
        asked = f"{name} with {len(arguments)} arguments, for {receiver}"
        raise Refused("nothing can be asked for while a method is judged", about=asked)


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


def effect_of(answer: CellAnswer) -> str:
    """What an activation answered and changed, in one normal form: equal for equal effects."""
    changes = [[change.oid, dict(change.put), list(change.removed)] for change in answer.changes.changes]
    effect = {"result": answer.result, "changes": changes, "created": len(answer.changes.created)}
    return json.dumps(effect, sort_keys=True, default=str)


def _differences(found: Mapping[str, Value], wanted: Mapping[str, Value]) -> Iterator[str]:
    for name in (*wanted, *(name for name in found if name not in wanted)):
        if name not in found:
            yield f"the slot {name} is gone"
        elif name not in wanted:
            yield f"the slot {name} should not be there"
        elif found[name] != wanted[name]:
            yield f"{name} is {abridge(found[name])}, not {abridge(wanted[name])}"
