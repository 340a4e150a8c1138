"""One command of one client, seen through: its deadline, its progress, its reply."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import outcome
import trio

from battui.bridge.faults import error_frame
from battui.bridge.frames import Error, Notice, Ok, Progress, Submit
from battui.contracts.commands import Ask, Command, Once, Send, Teach
from battui.contracts.errors import Refused, TimedOut
from battui.contracts.events import KernelEvent
from battui.contracts.portal import Portal
from battui.contracts.replies import Answer, Reply

MAX_DEADLINE_S = 7 * 86_400.0


async def perform(
    portal: Portal, submit: Submit, scope: trio.CancelScope, tell: Callable[[Notice], None]
) -> None:
    """Perform the command and tell what came of it; cancelling `scope` ends the wait, not what was begun."""
    deadline = submit.deadline_s
    timed = trio.move_on_after(min(deadline, MAX_DEADLINE_S) if deadline > 0 else MAX_DEADLINE_S)
    notice: Notice = Error(Refused.__name__, "the sender has cancelled it", remedy="What was begun goes on.")
    with scope:
        with timed:
            notice = await _outcome(portal, submit, tell)
        if timed.cancelled_caught:
            late = TimedOut(
                f"no answer within {deadline:g} s", remedy="It goes on: ask again with the same key."
            )
            notice = error_frame(late)
    tell(notice)


async def _outcome(portal: Portal, submit: Submit, tell: Callable[[Notice], None]) -> Notice:
    try:
        if submit.progress:
            return Ok(await _with_progress(portal, submit.command, tell))
        return Ok(await portal.submit(submit.command))
    except Exception as error:  # a fault in one command is its sender's, and must not end the others
        return error_frame(error)


async def _with_progress(portal: Portal, command: Command, tell: Callable[[Notice], None]) -> Reply:
    """The reply, after the events of the mission that has to find it.

    The command is given twice with one key: without waiting, to learn which mission it is parked in, and again to
    wait for it there.
    """
    once = command if isinstance(command, Once) else Once(uuid.uuid4().hex, command)
    if not isinstance(once.command, Send | Ask | Teach) or not once.command.wait:
        return await portal.submit(command)
    async with portal.events() as events:
        begun = await portal.submit(Once(once.key, replace(once.command, wait=False)))
        if not (isinstance(begun, Answer) and begun.mission and begun.value == begun.mission):
            return begun
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_forward, events, begun.mission, tell)
            # Raised in here, what goes wrong would come out as a group of errors.
            reply = await outcome.acapture(portal.submit, once)
            nursery.cancel_scope.cancel()
    return reply.unwrap()


async def _forward(events: AsyncIterator[KernelEvent], mission: str, tell: Callable[[Notice], None]) -> None:
    async for event in events:
        if event.mission == mission:
            tell(Progress(event))
        await trio.lowlevel.checkpoint_if_cancelled()
