"""`battui show [PATH]`: an object with its slots, or all objects."""

from __future__ import annotations

from argparse import Namespace
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command `show`."""
    parser = subparsers.add_parser("show", help="show an object, or list them all")
    parser.add_argument("path", metavar="PATH", nargs="?", help="such as account.owner or @1f")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Print the object or the list; the exit code."""
    from battui.cli.headless import perform
    from battui.cli.wiring import path_of
    from battui.contracts.commands import ListObjects, ShowObject

    return perform(arguments, ShowObject(path_of(arguments.path)) if arguments.path else ListObjects())
