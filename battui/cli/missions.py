"""`battui missions`: list them, show one, try a failed one again, cancel an open one."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from battui.contracts.events import KernelEvent
    from battui.contracts.portal import Portal


def add_parser(subparsers: Any) -> None:
    """Add the command `missions` with its verbs."""
    parser = subparsers.add_parser("missions", help="list, show, retry or cancel missions")
    parser.set_defaults(run=run_list, only_open=False, limit=100)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    listing = verbs.add_parser("list", help="newest first")
    listing.add_argument("--open", dest="only_open", action="store_true", help="only those not ended")
    listing.add_argument("--limit", metavar="N", type=int, default=100, help="at most so many (default 100)")
    listing.set_defaults(run=run_list)
    for name, run, meaning in (
        ("show", run_show, "everything one mission went through"),
        ("retry", run_retry, "start a failed mission again, and wait for its end"),
        ("cancel", run_cancel, "end an open mission"),
    ):
        verb = verbs.add_parser(name, help=meaning)
        verb.add_argument("mission", metavar="ID")
        verb.set_defaults(run=run)


def run_list(arguments: Namespace) -> int:
    """Print the list; the exit code."""
    from battui.cli.headless import perform
    from battui.contracts.commands import ListMissions

    return perform(arguments, ListMissions(limit=arguments.limit, only_open=arguments.only_open))


def run_show(arguments: Namespace) -> int:
    """Print one mission; the exit code."""
    from battui.cli.headless import perform
    from battui.contracts.commands import ShowMission

    return perform(arguments, ShowMission(arguments.mission))


def run_cancel(arguments: Namespace) -> int:
    """Cancel one mission; the exit code."""
    from battui.cli.headless import perform
    from battui.contracts.commands import CancelMission

    return perform(arguments, CancelMission(arguments.mission))


def run_retry(arguments: Namespace) -> int:
    """Retry one mission and stay until it has ended: without a kernel it would stand still. The exit code."""
    from battui.cli.headless import run_headless
    from battui.cli.output import print_reply
    from battui.cli.wiring import settings_of
    from battui.contracts.commands import RetryMission, ShowMission
    from battui.contracts.replies import MissionView

    async def work(portal: Portal) -> int:
        async with portal.events() as events:
            await portal.submit(RetryMission(arguments.mission))
            await _end_of(arguments.mission, events)
        view = await portal.submit(ShowMission(arguments.mission))
        print_reply(view, arguments.output)
        return 0 if isinstance(view, MissionView) and view.state == "COMPLETE" else 1

    return run_headless(settings_of(arguments), work, verbose=arguments.verbose)


async def _end_of(mission: str, events: AsyncIterator[KernelEvent]) -> None:
    from battui.contracts.errors import ModelUnavailable

    async for event in events:
        if event.kind == "mission" and event.mission == mission:
            if event.data.get("state") == "ended":
                return
            if event.data.get("state") == "waits":
                raise ModelUnavailable(f"the mission {event.text}", about=mission, remedy="It goes on then.")
