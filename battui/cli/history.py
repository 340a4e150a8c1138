"""`battui history [PATH]`: the image's transactions, newest first."""

from __future__ import annotations

from argparse import Namespace
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command `history`."""
    parser = subparsers.add_parser("history", help="list the image's transactions, newest first")
    parser.add_argument("path", metavar="PATH", nargs="?", help="only those that touched this object")
    parser.add_argument("--limit", metavar="N", type=int, default=50, help="at most so many (default 50)")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Print the history; the exit code."""
    from battui.cli.headless import perform
    from battui.cli.wiring import path_of
    from battui.contracts.commands import ListHistory
    from battui.contracts.errors import UsageError

    if arguments.limit < 1:
        raise UsageError("--limit must be at least 1", about=str(arguments.limit))
    path = path_of(arguments.path) if arguments.path else None
    return perform(arguments, ListHistory(limit=arguments.limit, path=path))
