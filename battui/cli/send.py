"""`battui send LINE`: one message line and its answer."""

from __future__ import annotations

from argparse import Namespace
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command `send`."""
    parser = subparsers.add_parser("send", help="perform one message line and print the answer")
    parser.add_argument("line", metavar="LINE", help='such as "account.deposit_(amount=50)"')
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Perform the line; its exit code."""
    from battui.cli.script import SourceLine, perform_lines
    from battui.cli.wiring import settings_of
    from battui.contracts.message_line import parse_line

    line = SourceLine("", 1, parse_line(arguments.line))
    return perform_lines(settings_of(arguments), [line], arguments)
