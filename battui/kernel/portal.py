"""The portal inside the kernel's own thread."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from battui.contracts.commands import Command
from battui.contracts.events import KernelEvent
from battui.contracts.replies import Reply
from battui.kernel.events.bus import Bus
from battui.kernel.measures.metrics import Metrics
from battui.kernel.messages.mailbox import Mailbox


class KernelPortal:
    """Implements contracts.portal.Portal for callers in Trio."""

    def __init__(self, mailbox: Mailbox, bus: Bus, metrics: Metrics) -> None:
        self._mailbox = mailbox
        self._metrics = metrics
        self._bus = bus

    async def submit(self, command: Command) -> Reply:
        """Perform `command` and return its reply; raises BattuiError, Busy where the mailbox is full."""
        with self._metrics.counting(command):
            return await self._mailbox.post(command)

    def events(self, since: int | None = None) -> AbstractAsyncContextManager[AsyncIterator[KernelEvent]]:
        """Follow the event stream."""
        return self._bus.follow(since)

    def warn(self, text: str) -> None:
        """Announce that the bridge has refused or dropped somebody."""
        self._bus.announce("bridge", text, level="warning")
