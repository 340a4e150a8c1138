"""`battui missions`: list them, show one, approve, reject or edit what it proposes, try it again, cancel it."""

from __future__ import annotations

from argparse import SUPPRESS, Namespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from battui.contracts.commands import (
        ApproveMission,
        EditMission,
        RejectMission,
        RetryMission,
        ShowMission,
    )
    from battui.contracts.errors import BattuiError
    from battui.contracts.events import KernelEvent
    from battui.contracts.portal import Portal
    from battui.contracts.replies import MissionView


def add_parser(subparsers: Any) -> None:
    """Add the command `missions` with its verbs."""
    parser = subparsers.add_parser(
        "missions", help="list, show, wait for, approve, reject, edit, retry or cancel missions"
    )
    parser.set_defaults(run=run_list, only_open=False, limit=100)
    _add_listing_options(parser)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    listing = verbs.add_parser("list", help="newest first")
    _add_listing_options(listing)
    listing.set_defaults(run=run_list)
    for name, run, meaning in (
        ("show", run_show, "everything one mission went through"),
        ("approve", run_approve, "install the method that a mission proposes, and answer its senders"),
        ("edit", run_edit, "write the method yourself, in $EDITOR, from the best candidate or the proposal"),
        ("wait", run_wait, "stay until a mission has ended: after a crash, or once there is a model"),
        ("retry", run_retry, "start a failed mission again, and wait for its end"),
        ("cancel", run_cancel, "end an open mission"),
    ):
        verb = verbs.add_parser(name, help=meaning)
        verb.add_argument("mission", metavar="ID")
        verb.set_defaults(run=run)
    rejecting = verbs.add_parser(
        "reject", help="refuse the method that a mission proposes, and see what follows"
    )
    rejecting.add_argument("mission", metavar="ID")
    rejecting.add_argument(
        "--reason", metavar="TEXT", required=True, help="what the method should do instead"
    )
    rejecting.set_defaults(run=run_reject)


def _add_listing_options(parser: Any) -> None:
    """What is to be listed; without a default, for the verb must not undo what stood before it."""
    parser.add_argument(
        "--open", dest="only_open", action="store_true", default=SUPPRESS, help="only those not ended"
    )
    parser.add_argument(
        "--limit", metavar="N", type=int, default=SUPPRESS, help="at most so many (default 100)"
    )


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
    """Retry one mission and stay until it has ended; 0 if it has found its answer."""
    from battui.contracts.commands import RetryMission

    return _see_through(arguments, RetryMission(arguments.mission))


def run_wait(arguments: Namespace) -> int:
    """Stay until one mission has ended; 0 if it has found its answer."""
    from battui.contracts.commands import ShowMission

    return _see_through(arguments, ShowMission(arguments.mission))


def run_approve(arguments: Namespace) -> int:
    """Approve what a mission proposes and stay until its senders have their answers; 0 if they have."""
    from battui.contracts.commands import ApproveMission

    return _see_through(arguments, ApproveMission(arguments.mission))


def run_reject(arguments: Namespace) -> int:
    """Reject what a mission proposes and stay until it proposes something else or has ended; 0 either way."""
    from battui.contracts.commands import RejectMission

    return _see_through(arguments, RejectMission(arguments.mission, arguments.reason))


def run_edit(arguments: Namespace) -> int:
    """Open the proposal or the best candidate in an editor, have it tried and installed; 0 if it is."""
    import os

    from battui.cli.editor import edited, editor_of
    from battui.contracts.commands import EditMission

    # Before anything is started: without an editor there is nothing to do.
    editor_of(os.environ)
    view = _look_at(arguments)
    if not view.draft:
        raise _nothing_to_edit(view)
    source = edited(view.draft, f"{view.id}.py", _notes_on(view))
    return _see_through(arguments, EditMission(view.id, source))


def _look_at(arguments: Namespace) -> MissionView:
    """The mission as it stands; the kernel is shut down again, so that the image is free while one writes."""
    from battui.cli.headless import run_headless
    from battui.cli.wiring import settings_of
    from battui.contracts.commands import ShowMission
    from battui.contracts.replies import MissionView

    views: list[MissionView] = []

    async def work(portal: Portal) -> int:
        view = await portal.submit(ShowMission(arguments.mission))
        assert isinstance(view, MissionView)
        views.append(view)
        return 0

    run_headless(settings_of(arguments), work, verbose=arguments.verbose, tell=lambda _: None)
    if not views:
        # A signal has ended the work.
        raise KeyboardInterrupt
    return views[0]


def _nothing_to_edit(view: MissionView) -> BattuiError:
    from battui.contracts.errors import Refused

    if view.state == "COMPLETE" and view.candidates:
        remedy = f"Take its method back first: battui undo {view.id}"
        return Refused("this mission has installed its method", about=view.id, remedy=remedy)
    return Refused("this mission is not for a method", about=view.id)


def _notes_on(view: MissionView) -> list[str]:
    """What one has to know while one writes."""
    told = [f"{view.title}  ({view.id}, {view.state})"]
    told += [f"why it failed: {view.failure}"] if view.failure else []
    told += [f"it has to hold: {view.expectation}"] if view.expectation else []
    told += ["Lines like these are taken out. Change nothing, and nothing is done."]
    return told


def _see_through(
    arguments: Namespace,
    command: RetryMission | ApproveMission | RejectMission | EditMission | ShowMission,
) -> int:
    """Give the order and stay while the mission goes on: without a kernel it would stand still. The exit code."""
    from battui.cli.headless import run_headless
    from battui.cli.output import print_reply
    from battui.cli.wiring import settings_of
    from battui.contracts.commands import RejectMission, ShowMission
    from battui.contracts.replies import MissionView

    rejecting = isinstance(command, RejectMission)

    async def work(portal: Portal) -> int:
        async with portal.events() as events:
            shown = await portal.submit(command)
            # Whoever only waits gives no order that anything would follow.
            if isinstance(command, ShowMission) and isinstance(shown, MissionView) and _rests(shown):
                view = shown
            else:
                view = await _at_rest(portal, command.mission, events)
        if view.waiting and not rejecting:
            raise _waiting(view)
        print_reply(view, arguments.output)
        return 0 if rejecting or view.state == "COMPLETE" else 1

    return run_headless(settings_of(arguments), work, verbose=arguments.verbose)


def _rests(view: MissionView) -> bool:
    """Whether the mission has told its senders how it ended, or cannot go on by itself."""
    told = bool(view.answer or view.failure) or view.senders == 0
    return bool(view.waiting) or (view.ended_at > 0 and told)


async def _at_rest(portal: Portal, mission: str, events: AsyncIterator[KernelEvent]) -> MissionView:
    """The mission as soon as it has ended or cannot go on by itself."""
    from battui.contracts.commands import ShowMission
    from battui.contracts.errors import Unreachable
    from battui.contracts.replies import MissionView

    async for event in events:
        state = event.data.get("state") if event.kind == "mission" and event.mission == mission else ""
        if state in ("ended", "waits"):
            view = await portal.submit(ShowMission(mission))
            # The wait may be the one that the order has just ended.
            if isinstance(view, MissionView) and (state == "ended" or view.waiting):
                return view
    raise Unreachable("the kernel has ended", about=mission, remedy="Start battui again.")


def _waiting(view: MissionView) -> BattuiError:
    """Why a mission that waits has no answer yet."""
    from battui.contracts.errors import ModelUnavailable
    from battui.kernel.missions.approvals import approval_needed

    if view.proposal:
        return approval_needed(view.id)
    return ModelUnavailable(f"the mission waits: {view.waiting}", about=view.id, remedy="It goes on then.")
