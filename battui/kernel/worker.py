"""The message worker: takes commands from the mailbox and sees each one through."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import outcome
import trio

from battui.contracts.commands import Command
from battui.contracts.errors import BattuiError, Unreachable
from battui.contracts.replies import Reply
from battui.kernel.events.bus import Bus
from battui.kernel.messages.mailbox import Letter, Mailbox

AT_ONCE = 1024


class Worker:
    """Performs up to AT_ONCE commands side by side; a sender's next command comes after its last reply."""

    def __init__(self, mailbox: Mailbox, bus: Bus, perform: Callable[[Command], Awaitable[Reply]]) -> None:
        self._mailbox = mailbox
        self._bus = bus
        self._perform = perform

    async def run(self) -> None:
        """Work until the mailbox is closed and empty; when cancelled, tell every sender that still waits."""
        try:
            await self._take_letters()
        finally:
            self._mailbox.close()
            for letter in self._mailbox.untaken():
                letter.answer(outcome.Error(_stopped()))

    async def _take_letters(self) -> None:
        limit = trio.CapacityLimiter(AT_ONCE)
        async with trio.open_nursery() as nursery:
            while True:
                token = object()
                await limit.acquire_on_behalf_of(token)
                try:
                    letter = await self._mailbox.next()
                except trio.EndOfChannel:
                    return
                nursery.start_soon(self._see_through, letter, limit, token)

    async def _see_through(self, letter: Letter, limit: trio.CapacityLimiter, token: object) -> None:
        try:
            letter.answer(outcome.Value(await self._perform(letter.command)))
        except BattuiError as error:
            letter.answer(outcome.Error(error))
        except trio.Cancelled:
            letter.answer(outcome.Error(_stopped()))
            raise
        except Exception as error:
            # A fault in one command must not take the others down; its sender gets it whole.
            self._bus.announce("error", f"{type(error).__name__}: {error}", level="error")
            letter.answer(outcome.Error(error))
        finally:
            limit.release_on_behalf_of(token)


def _stopped() -> Unreachable:
    return Unreachable("the kernel was stopped", remedy="Start battui again.")
