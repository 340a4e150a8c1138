"""The tasks of a measurement: one JSON object a line, checked before anything is run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from battui.cli.json_lines import read_json_lines
from battui.contracts.cases import Case, case_from
from battui.contracts.errors import BattuiError, UsageError
from battui.contracts.values import check_name

_FIELDS = ("id", "tier", "selector", "params", "intent", "cases")


@dataclass(frozen=True, slots=True)
class Task:
    """A message that nobody understands, and the cases that tell a right method from a wrong one.

    `digest` changes with anything in the task, so that a report never counts for another one.
    """

    id: str
    tier: str
    selector: str
    parameters: tuple[str, ...]
    intent: str
    cases: tuple[Case, ...]
    digest: str

    @property
    def sent(self) -> int:
        """The number of the case that is sent: the first, or the first that raises nothing.

        A mission refuses candidates that raise on the message itself: it has to give its sender an answer.
        """
        return next((number for number, case in enumerate(self.cases) if not case.raises), 0)

    @property
    def hidden(self) -> tuple[Case, ...]:
        """The cases that judge."""
        return tuple(case for number, case in enumerate(self.cases) if number != self.sent)


def read_tasks(name: str) -> tuple[Task, ...]:
    """The tasks of a file, in its order; raises UsageError that names the line."""
    tasks: dict[str, Task] = {}
    for where, entry in read_json_lines(name):
        task = _task(entry, where)
        if task.id in tasks:
            raise UsageError(f"the id {task.id!r} is taken by another line", about=where)
        tasks[task.id] = task
    if not tasks:
        raise UsageError("there are no tasks in it", about=name)
    return tuple(tasks.values())


def _task(entry: object, where: str) -> Task:
    if not isinstance(entry, Mapping):
        raise UsageError("a task is a JSON object", about=where, remedy=f"It has: {', '.join(_FIELDS)}.")
    if missing := [field for field in _FIELDS if field not in entry]:
        raise UsageError(f"the task has no {missing[0]!r}", about=where)
    for field in ("selector", "intent"):
        if not isinstance(entry[field], str):
            raise UsageError(f"{field} is a text", about=where)
    parameters = entry["params"]
    if not isinstance(parameters, list) or not all(isinstance(name, str) for name in parameters):
        raise UsageError("params is a list of names", about=where)
    try:
        names = [check_name(name) for name in (entry["selector"], *parameters)]
    except BattuiError as error:
        raise UsageError(error.what, about=f"{where}: {error.about}", remedy=error.remedy) from None
    return Task(
        id=_label(entry, "id", where),
        tier=_label(entry, "tier", where),
        selector=names[0],
        parameters=tuple(names[1:]),
        intent=entry["intent"],
        cases=_cases(entry["cases"], set(names[1:]), where),
        digest=hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest(),
    )


def _label(entry: Mapping[str, Any], field: str, where: str) -> str:
    label = entry[field]
    if isinstance(label, bool) or not isinstance(label, int | str):
        raise UsageError(f"{field} is a number or a text", about=where)
    return str(label)


def _cases(entries: Any, parameters: set[str], where: str) -> tuple[Case, ...]:
    if not isinstance(entries, list) or len(entries) < 2:
        raise UsageError("a task has two cases or more: one is sent, the others judge", about=where)
    cases = tuple(
        case_from(entry, f"case {number}", f"{where}, case {number}") for number, entry in enumerate(entries)
    )
    for case in cases:
        if set(case.arguments) != parameters:
            raise UsageError("args and params name different things", about=f"{where}, {case.name}")
    return cases
