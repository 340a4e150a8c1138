"""`battui history [PATH]`: the image's transactions, newest first."""

from __future__ import annotations

import re
import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from battui.contracts.replies import HistoryEntry

MOST_LOOKED_AT = 10_000
"""Transactions among which is searched."""
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


def add_parser(subparsers: Any) -> None:
    """Add the command `history`."""
    parser = subparsers.add_parser("history", help="list the image's transactions, newest first")
    parser.add_argument("path", metavar="PATH", nargs="?", help="only those that touched this object")
    parser.add_argument("--limit", metavar="N", type=int, default=50, help="at most so many (default 50)")
    parser.add_argument("--mission", metavar="ID", default="", help="only those of this mission")
    parser.add_argument("--grep", metavar="TEXT", default="", help="only those whose description has TEXT")
    parser.add_argument(
        "--since", metavar="WHEN", default="", help="only those after, such as 2h, 3d or 2026-11-23"
    )
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Print the history; the exit code."""
    from battui.cli.headless import replies_to
    from battui.cli.output import print_reply
    from battui.cli.wiring import path_of
    from battui.contracts.commands import ListHistory
    from battui.contracts.errors import UsageError
    from battui.contracts.replies import HistoryList

    if arguments.limit < 1:
        raise UsageError("--limit must be at least 1", about=str(arguments.limit))
    path = path_of(arguments.path) if arguments.path else None
    since = moment(arguments.since, time.time()) if arguments.since else 0.0
    searched = bool(arguments.mission or arguments.grep or since)
    limit = MOST_LOOKED_AT if searched else min(arguments.limit, MOST_LOOKED_AT)
    (history,) = replies_to(arguments, ListHistory(limit=limit, path=path))
    assert isinstance(history, HistoryList)
    found = [entry for entry in history.entries if _wanted(entry, arguments, since)]
    print_reply(HistoryList(tuple(found[: arguments.limit])), arguments.output)
    return 0


def moment(text: str, now: float) -> float:
    """The Unix time that is meant: so long before `now`, or a local date; raises UsageError."""
    from battui.contracts.errors import UsageError

    if match := re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", text):
        return now - float(match[1]) * _UNITS[match[2]]
    for form in _FORMS:
        try:
            return time.mktime(time.strptime(text, form))
        except (ValueError, OverflowError):
            continue
    raise UsageError(
        "this is no time", about=text, remedy="Write 30m, 2h, 3d, or 2026-11-23, or with a time."
    )


def _wanted(entry: HistoryEntry, arguments: Namespace, since: float) -> bool:
    return (
        entry.at >= since
        and arguments.mission in ("", entry.mission)
        and arguments.grep.lower() in entry.description.lower()
    )
