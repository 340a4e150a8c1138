"""`battui completion SHELL`: a script with which a shell completes commands, flags and their values."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

SHELLS = ("bash", "zsh", "fish")


def add_parser(subparsers: Any) -> None:
    """Add the command `completion`."""
    parser = subparsers.add_parser("completion", help="print a script that completes battui in your shell")
    parser.add_argument("shell", choices=SHELLS)
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Print the script; the exit code."""
    from battui.cli.arguments import build_parser
    from battui.cli.completion_script import script_for

    print(script_for(arguments.shell, build_parser()), end="")
    return 0
