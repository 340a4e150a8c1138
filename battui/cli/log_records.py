"""Records of the event log: read, picked, and shown each once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]
LEVELS = ("debug", "info", "warning", "error")


def records_in(path: Path) -> Iterator[Record]:
    """The records of the log file at `path` and of those before it, the oldest first."""
    earlier = sorted(path.parent.glob(f"{path.name}.*"), key=_number, reverse=True)
    for file in (*earlier, path):
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue  # turned over meanwhile, or not there yet
        yield from filter(None, map(_record, lines))


class Picked:
    """Shows the records that were asked for; one that is no newer than the last it has seen is passed over."""

    def __init__(self, level: str, kind: str, mission: str, form: str) -> None:
        self._levels = LEVELS[LEVELS.index(level) :]
        self._kind = kind
        self._mission = mission
        self._form = form
        self._last = (0.0, 0)

    def passes(self, record: Record) -> bool:
        """Whether the record was asked for."""
        return (
            record["level"] in self._levels
            and self._kind in ("", record["kind"])
            and self._mission in ("", record["mission"])
        )

    def pass_over(self, records: Iterable[Record]) -> None:
        """These are known already."""
        for record in records:
            self._last = max(self._last, _moment(record))

    def show(self, records: Iterable[Record]) -> None:
        """Print those that are new and were asked for, each at once."""
        for record in records:
            if _moment(record) > self._last:
                self._last = _moment(record)
                if self.passes(record):
                    print(self._line(record), flush=True)

    def _line(self, record: Record) -> str:
        if self._form == "json":
            return json.dumps({"reply": "event", **record}, ensure_ascii=False)
        from battui.cli.reply_text import harmless

        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record["at"]))
        who = " ".join(filter(None, (record["mission"], record["about"])))
        who = " ".join(filter(None, (who, _state(record))))
        words = f"{who}: {record['text']}" if who else record["text"]
        return harmless(f"{when}  {record['level']:<7}  {record['kind']:<9}  {words}".replace("\n", " "))


def _record(line: str) -> Record | None:
    """The record of a line; None for one that a killed kernel left half written."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    known = isinstance(record, dict) and {"at", "sequence", "kind", "level", "text"} <= record.keys()
    return {"mission": "", "about": "", **record} if known else None


def _state(record: Record) -> str:
    """The state that a mission has entered, a name in capitals; empty for all other events."""
    data = record.get("data") if record["kind"] == "mission" else None
    state = str(data.get("state", "")) if isinstance(data, dict) else ""
    return state if state.isupper() else ""


def _moment(record: Record) -> tuple[float, int]:
    return record["at"], record["sequence"]


def _number(path: Path) -> int:
    last = path.suffix[1:]
    return int(last) if last.isdecimal() else 0
