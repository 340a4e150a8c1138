"""What an activation leaves behind: its result, the objects that it changed, and those it made that are kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import cast

from battui.cell.living import label
from battui.cell.messages import Message
from battui.cell.record import Record
from battui.cell.references import references, renamed
from battui.cell.release import release
from battui.contracts.values import Ref, Value


class CovenantFailure(Exception):
    """An object's state changed, and nobody signalled it."""

    def __init__(self, oid: int, slots: Iterable[str]) -> None:
        names = ", ".join(sorted(slots))
        super().__init__(
            f"{label(oid)} changed ({names}) without the signal: set `_p_changed = True` on that object"
        )
        self.oid = oid


def harvest(result: object, records: Collection[Record]) -> Message:
    """The fields `result`, `changes` and `created` of an answer; raises CovenantFailure and NotStorable.

    New objects that neither the result nor a change leads to are dropped, and the others numbered without gaps.
    """
    made = {record.oid: record for record in records if record.oid < 0}
    changes: list[Value] = [
        change for record in records if record.oid > 0 and (change := _change(record)) is not None
    ]
    released = release(result, about="the result")
    kept = _reachable([released, *changes], made)
    numbers = {oid: Ref(-1 - place) for place, oid in enumerate(kept)}
    return {
        "result": renamed(released, numbers),
        "changes": [renamed(change, numbers) for change in changes],
        "created": [_numbered(new, numbers) for new in kept.values()],
    }


def _reachable(roots: Iterable[Value], made: Mapping[int, Record]) -> dict[int, Message]:
    found: dict[int, Message] = {}
    waiting = list(roots)
    while waiting:
        for ref in references(waiting.pop()):
            if ref.oid in made and ref.oid not in found:
                found[ref.oid] = _new_object(made[ref.oid])
                waiting.append(found[ref.oid])
    return found


def _numbered(new: Message, numbers: Mapping[int, Ref]) -> Message:
    fields = {name: renamed(value, numbers) for name, value in new.items()}
    return fields | {"oid": numbers[cast("int", new["oid"])].oid}


def _change(record: Record) -> Message | None:
    put = record.changed_slots()
    if not put and not record.removed:
        return None
    if not record.signalled:
        raise CovenantFailure(record.oid, [*put, *record.removed])
    return {"oid": record.oid, "put": put, "removed": [*sorted(record.removed)]}


def _new_object(record: Record) -> Message:
    return {
        "oid": record.oid,
        "slots": {name: release(record.live[name], about=name) for name in record.slot_names()},
        "parents": {name: list(refs) for name, refs in record.parents.items()},
        "cloned_from": record.cloned_from,
    }
