"""The report of a measurement: a line that says how it was made, then one a task, written as soon as it is known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from battui.cli.bench.examination import Verdict
from battui.cli.bench.tasks import Task
from battui.contracts.errors import UsageError

_NAMES = {field.name for field in fields(Verdict)}


class Report:
    """A file of verdicts; without a path it keeps nothing. A run that was killed loses the task it was at."""

    def __init__(self, path: Path | None, head: Mapping[str, object], *, resume: bool) -> None:
        """Begin a report, or go on with one that `head` fits; raises UsageError."""
        self._file: IO[str] | None = None
        self.kept: tuple[Verdict, ...] = ()
        if path is None:
            return
        lines, whole = _lines(path) if resume else ([], 0)
        if lines:
            _compare(lines[0], dict(head), path)
            self.kept = tuple(_verdict(line, path) for line in lines[1:])
        self._file = _opened(path, "a" if resume else "x")
        self._file.truncate(whole)
        if not lines:
            self._write(head)

    def __enter__(self) -> Report:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def done(self, tasks: Sequence[Task]) -> tuple[Verdict, ...]:
        """The kept verdicts about `tasks`; those about a task that has changed since do not count."""
        digests = {task.id: task.digest for task in tasks}
        return tuple(verdict for verdict in self.kept if digests.get(verdict.id) == verdict.digest)

    def add(self, verdict: Verdict) -> None:
        """Write one verdict down."""
        self._write(asdict(verdict))

    def _write(self, line: Mapping[str, object]) -> None:
        if self._file is not None:
            print(json.dumps(line, ensure_ascii=False), file=self._file, flush=True)


def _opened(path: Path, mode: str) -> IO[str]:
    try:
        return path.open(mode, encoding="utf-8")
    except FileExistsError:
        raise UsageError(
            "this file is there already", about=str(path), remedy="Go on with it: --resume. Or name another."
        ) from None
    except OSError as error:
        raise UsageError(f"this cannot be written: {error.strerror}", about=str(path)) from None


def _lines(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The whole lines of a report and how many bytes they take; a last line that was cut short is none."""
    try:
        content = path.read_bytes() if path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        lines = [json.loads(line) for line in whole.splitlines()]
    except (OSError, ValueError):
        raise _no_report(path) from None
    if not all(isinstance(line, dict) for line in lines):
        raise _no_report(path)
    return lines, len(whole)


def _compare(found: Mapping[str, object], wanted: Mapping[str, object], path: Path) -> None:
    differing = [name for name in wanted if found.get(name) != wanted[name]]
    if differing:
        raise UsageError(
            f"it was made with other {', '.join(differing)}",
            about=str(path),
            remedy="Ask for the same again, or name another file.",
        )


def _verdict(line: Mapping[str, Any], path: Path) -> Verdict:
    if set(line) != _NAMES:
        raise _no_report(path)
    return Verdict(**{**line, "left_out": tuple(line["left_out"]), "candidates": tuple(line["candidates"])})


def _no_report(path: Path) -> UsageError:
    return UsageError("this is no report of a measurement", about=str(path), remedy="Name another file.")
