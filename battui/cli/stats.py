"""`battui stats`: what the kernel has done, and what there is."""

from __future__ import annotations

from argparse import Namespace
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command `stats`."""
    parser = subparsers.add_parser(
        "stats", help="messages, latency, missions, tokens, tiers, cells, in figures"
    )
    parser.add_argument(
        "--prometheus", action="store_true", help="in Prometheus's text format, instead of --output's"
    )
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Print the figures of the running kernel, or what the image alone can tell; the exit code."""
    from battui.cli.headless import replies_to
    from battui.cli.output import print_reply
    from battui.contracts.commands import ShowStats
    from battui.contracts.replies import KernelStats

    (stats,) = replies_to(arguments, ShowStats())
    if arguments.prometheus:
        from battui.kernel.measures.exposition import exposition

        assert isinstance(stats, KernelStats)
        print(exposition(stats), end="")
        return 0
    print_reply(stats, arguments.output)
    return 0
