"""The one door between a front end and the kernel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from battui.contracts.commands import Command
from battui.contracts.events import KernelEvent
from battui.contracts.replies import Reply


class Portal(Protocol):
    """What terminal, bridge and command line hold of a kernel.

    Implementations differ only in how they wait: in the kernel's own thread, across threads from asyncio, or
    over a socket.
    """

    async def submit(self, command: Command) -> Reply:
        """Perform `command` and return its reply.

        Raises BattuiError with the reason; Busy where the mailbox is full. Cancelling the wait does not take
        back what was already accepted: a mission goes on.
        """
        ...

    def events(self, since: int | None = None) -> AbstractAsyncContextManager[AsyncIterator[KernelEvent]]:
        """Follow the event stream, from sequence number `since` on as far as it is remembered.

        A follower that falls behind loses its oldest events; the gap shows in the sequence numbers.
        """
        ...
