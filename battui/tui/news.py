"""What happens in the kernel, brought to the screen at a pace a screen can follow."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from textual.message import Message

from battui.contracts.commands import ShowStatus
from battui.contracts.events import EventKind, KernelEvent
from battui.contracts.portal import Portal
from battui.contracts.replies import KernelStatus

PAUSE = 0.1
"""Seconds between two deliveries: ten updates a second are as many as an eye wants."""

LARGEST_BATCH = 5_000

MOST_PAST = 2_000
"""Events from before the terminal was opened that are shown to those who keep a record."""


class News(Message, bubble=False):
    """Events since the last delivery. `gap` says that some before them were lost.

    What is `past` happened before the terminal was opened: what it led to is known already.
    """

    def __init__(self, events: tuple[KernelEvent, ...], gap: bool = False, past: bool = False) -> None:
        super().__init__()
        self.events = events
        self.gap = gap
        self.past = past

    def has(self, *kinds: EventKind) -> bool:
        """Whether an event of one of these kinds is among them, or may have been."""
        return self.gap or any(event.kind in kinds for event in self.events)


class MissionsChanged(Message, bubble=False):
    """The book of missions has new entries, or these missions changed."""

    def __init__(self, missions: Iterable[str]) -> None:
        super().__init__()
        self.missions = frozenset(missions)


class NewsFeed:
    """Follows the event stream and calls `deliver` with batches, at most one each PAUSE."""

    def __init__(self, deliver: Callable[[News], None]) -> None:
        self._deliver = deliver
        self._batch: deque[KernelEvent] = deque(maxlen=LARGEST_BATCH)
        self._expected: int | None = None
        self._opened_at = 0
        self._gap = False
        self._delivery: asyncio.TimerHandle | None = None
        self._delivered_at = float("-inf")

    async def follow(self, portal: Portal) -> None:
        """Follow until the stream ends, which means that the kernel has."""
        try:
            status = await portal.submit(ShowStatus())
            self._opened_at = status.sequence if isinstance(status, KernelStatus) else 0
            async with portal.events(max(0, self._opened_at - MOST_PAST)) as stream:
                async for event in stream:
                    self._take(event)
            self._flush()
        finally:
            if self._delivery is not None:
                self._delivery.cancel()

    def _take(self, event: KernelEvent) -> None:
        if event.sequence > self._opened_at and self._batch and self._is_past():
            self._flush()
        lost = self._expected is not None and event.sequence != self._expected
        # Of the past, pieces of text are not remembered.
        lost = lost and event.sequence > self._opened_at + 1
        self._gap = self._gap or lost or len(self._batch) == LARGEST_BATCH
        self._expected = event.sequence + 1
        self._batch.append(event)
        if self._delivery is None:
            loop = asyncio.get_running_loop()
            due = max(loop.time(), self._delivered_at + PAUSE)
            self._delivery = loop.call_at(due, self._flush)

    def _flush(self) -> None:
        if self._delivery is not None:
            self._delivery.cancel()
            self._delivery = None
        if not self._batch:
            return
        self._delivered_at = asyncio.get_running_loop().time()
        news = News(tuple(self._batch), self._gap, self._is_past())
        self._batch.clear()
        self._gap = False
        self._deliver(news)

    def _is_past(self) -> bool:
        return self._batch[-1].sequence <= self._opened_at
