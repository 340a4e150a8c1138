"""`battui ask PATH QUESTION`: a question about an object, answered in words."""

from __future__ import annotations

from argparse import Namespace
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command `ask`."""
    parser = subparsers.add_parser("ask", help="ask a question about an object, and print the answer")
    parser.add_argument("path", metavar="PATH", help="such as account.owner or @1f")
    parser.add_argument("question", metavar="QUESTION", help="in words; - reads it from stdin")
    parser.add_argument("--no-wait", action="store_true", help="print the mission's id and do not wait")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Ask and stay for the answer; the exit code."""
    import sys

    from battui.cli.script import SourceLine, perform_lines
    from battui.cli.wiring import path_of, settings_of
    from battui.contracts.commands import Ask
    from battui.contracts.errors import UsageError

    question = sys.stdin.read() if arguments.question == "-" else arguments.question
    if not question.strip():
        raise UsageError("there is no question", remedy="Write it in quotes.")
    ask = Ask(path_of(arguments.path), question.strip(), wait=not arguments.no_wait)
    return perform_lines(settings_of(arguments), [SourceLine("", 0, ask)], arguments)
