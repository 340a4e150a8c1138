"""Cases: what a message has to come to on an object with given slots, as data that can be read from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from battui.contracts.errors import BattuiError, UsageError
from battui.contracts.values import Value, check_name, storable

_FIELDS = ("slots", "args", "result", "after", "raises")
_REMEDY = 'A case looks like {"slots": {"balance": 1}, "args": {"amount": 2}, "after": {"balance": 3}}.'


@dataclass(frozen=True, slots=True)
class Case:
    """A message to an object that has these data slots and no others, and what has to come of it.

    `after` are all its data slots afterwards. `result` counts where the case `answers`. A case that `raises` (the
    name of an exception) says nothing of what is after it: a message that raises changes nothing.
    """

    name: str
    slots: Mapping[str, Value]
    arguments: Mapping[str, Value]
    after: Mapping[str, Value]
    result: Value = None
    answers: bool = False
    raises: str = ""


def case_from(entry: object, name: str, where: str) -> Case:
    """Read a case from decoded JSON. Without `after`, the slots have to stay as they are.

    Raises UsageError about `where`.
    """
    if not isinstance(entry, Mapping):
        raise UsageError("a case is a JSON object", about=where, remedy=_REMEDY)
    if unknown := [key for key in entry if key not in _FIELDS]:
        raise UsageError(f"a case has no {unknown[0]!r}", about=where, remedy=_REMEDY)
    if not any(key in entry for key in ("result", "after")) and not entry.get("raises"):
        raise UsageError("the case says nothing of what is to come of it", about=where, remedy=_REMEDY)
    raises = "" if entry.get("raises") is None else entry["raises"]
    if not isinstance(raises, str) or (raises and not raises.isidentifier()):
        raise UsageError("raises is the name of an exception", about=where, remedy=_REMEDY)
    slots = _named_values(entry.get("slots", {}), "slots", where)
    return Case(
        name=name,
        slots=slots,
        arguments=_named_values(entry.get("args", {}), "args", where),
        after=_named_values(entry["after"], "after", where) if "after" in entry else slots,
        result=_value(entry.get("result"), where),
        answers="result" in entry,
        raises=raises,
    )


def case_record(case: Case) -> dict[str, Any]:
    """The case as plain values, for a slot of the image."""
    record: dict[str, Any] = {
        "name": case.name,
        "slots": dict(case.slots),
        "arguments": dict(case.arguments),
        "after": dict(case.after),
        "raises": case.raises,
    }
    return {**record, "result": case.result} if case.answers else record


def case_of_record(record: Mapping[str, Any]) -> Case:
    """The case that a record of `case_record` stands for."""
    # Older images kept of what is after a send no more than what it had put.
    after = record["after"] if "name" in record else {**record["slots"], **record["after"]}
    return Case(
        name=record.get("name", "send"),
        slots=record["slots"],
        arguments=record["arguments"],
        after=after,
        result=record.get("result"),
        answers="result" in record,
        raises=record.get("raises", ""),
    )


def contradiction(first: Case, second: Case) -> bool:
    """Whether no method can do what both cases ask: the same message to the same slots, with different ends."""
    if (first.slots, first.arguments) != (second.slots, second.arguments):
        return False
    if first.raises or second.raises:
        return first.raises != second.raises
    differing = first.answers and second.answers and first.result != second.result
    return differing or first.after != second.after


def _named_values(value: object, what: str, where: str) -> dict[str, Value]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{what} is a JSON object of names and values", about=where, remedy=_REMEDY)
    try:
        return {check_name(name): _value(item, where) for name, item in value.items()}
    except UsageError:
        raise
    except BattuiError as error:
        raise UsageError(f"{what} has {error}", about=where, remedy=_REMEDY) from None


def _value(value: object, where: str) -> Value:
    try:
        return storable(value)
    except BattuiError as error:
        raise UsageError(error.what, about=where, remedy=error.remedy) from None
