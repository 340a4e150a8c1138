"""`battui teach PATH SELECTOR --examples FILE`: an object learns a message from cases."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from battui.contracts.portal import Portal


def add_parser(subparsers: Any) -> None:
    """Add the command `teach`."""
    parser = subparsers.add_parser("teach", help="have an object learn a message from examples")
    parser.add_argument("path", metavar="PATH", help="the object, such as account")
    parser.add_argument("selector", metavar="SELECTOR", help="the message, such as deposit_")
    parser.add_argument(
        "--examples", metavar="FILE", required=True, help="cases, one JSON object a line; - is stdin"
    )
    parser.add_argument("--intent", metavar="TEXT", default="", help="what the message means")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Teach, telling on stderr what happens, and print how it ended; the exit code."""
    from battui.cli.headless import run_headless
    from battui.cli.json_lines import read_json_lines
    from battui.cli.output import print_reply
    from battui.cli.wiring import path_of, settings_of
    from battui.contracts.cases import case_from
    from battui.contracts.commands import Teach
    from battui.contracts.errors import UsageError

    cases = tuple(
        case_from(entry, f"example {number}", where)
        for number, (where, entry) in enumerate(read_json_lines(arguments.examples), start=1)
    )
    if not cases:
        raise UsageError("there are no cases in it", about=arguments.examples)
    teach = Teach(path_of(arguments.path), arguments.selector, cases, arguments.intent)

    async def work(portal: Portal) -> int:
        print_reply(await portal.submit(teach), arguments.output)
        return 0

    return run_headless(settings_of(arguments), work, verbose=arguments.verbose)
