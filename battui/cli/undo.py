"""`battui undo TARGET`: take back what a mission installed, or one transaction."""

from __future__ import annotations

from argparse import Namespace
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command `undo`."""
    parser = subparsers.add_parser("undo", help="take back a mission's method or one transaction")
    parser.add_argument("target", metavar="TARGET", help="the id of a mission or of a transaction")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Undo, as a new transaction; the exit code."""
    from battui.cli.headless import perform
    from battui.contracts.commands import Undo

    return perform(arguments, Undo(arguments.target))
