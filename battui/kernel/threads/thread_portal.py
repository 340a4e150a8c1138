"""The portal of a kernel in another thread, for an asyncio program."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from battui.contracts.commands import Command
from battui.contracts.errors import Unreachable
from battui.contracts.events import KernelEvent
from battui.contracts.portal import Portal
from battui.contracts.replies import Reply
from battui.kernel.threads.crossing import Crossing

MOST_EVENTS = 10_000


class ThreadPortal:
    """Implements Portal in asyncio's world on top of `portal` in Trio's."""

    def __init__(self, portal: Portal, crossing: Crossing) -> None:
        self._portal = portal
        self._crossing = crossing

    async def submit(self, command: Command) -> Reply:
        """Perform `command` in the kernel. Unreachable where the kernel has ended, else as Portal says."""
        return await self._crossing.perform(lambda: self._portal.submit(command))

    @asynccontextmanager
    async def events(self, since: int | None = None) -> AsyncIterator[AsyncIterator[KernelEvent]]:
        """Follow the events; the stream ends when the kernel does."""
        queue = EventQueue(self._crossing)
        following = asyncio.ensure_future(self._crossing.perform(lambda: self._follow(since, queue)))
        following.add_done_callback(queue.end)
        try:
            await queue.opened()
            yield queue
        finally:
            following.cancel()
            await asyncio.wait({following})

    async def _follow(self, since: int | None, queue: EventQueue) -> None:
        async with self._portal.events(since) as events:
            self._crossing.tell(queue.open)
            async for event in events:
                queue.put(event)
                # A kernel that tells a thousand things at once must still get to do one of them.
                await trio.lowlevel.checkpoint_if_cancelled()


class EventQueue:
    """Events on their way from Trio's thread to asyncio's: bounded, the oldest give way.

    Only one wake-up is under way at a time, so that a flood of events does not become a flood of callbacks in
    a loop that is busy drawing.
    """

    def __init__(self, crossing: Crossing, size: int = MOST_EVENTS) -> None:
        self._crossing = crossing
        self._events: deque[KernelEvent] = deque(maxlen=size)
        self._waking = False
        self._news = asyncio.Event()
        self._opened = asyncio.Event()
        self._over = False
        self._error: BaseException | None = None

    def put(self, event: KernelEvent) -> None:
        """Append an event; in Trio's thread."""
        self._events.append(event)
        if not self._waking:
            self._waking = True
            self._crossing.tell(self._wake)

    def _wake(self) -> None:
        self._waking = False
        self._news.set()

    def open(self) -> None:
        """The subscription stands: no event after this is missed."""
        self._opened.set()

    def end(self, following: asyncio.Future[None]) -> None:
        """There will be no more events; a follower that failed says why, the kernel's own end is no failure."""
        self._over = True
        error = None if following.cancelled() else following.exception()
        self._error = None if isinstance(error, Unreachable) else error
        self._opened.set()
        self._news.set()

    async def opened(self) -> None:
        """Wait until the subscription stands; raises what kept it from it."""
        await self._opened.wait()
        if self._error is not None:
            raise self._error

    def __aiter__(self) -> EventQueue:
        return self

    async def __anext__(self) -> KernelEvent:
        while not self._events:
            if self._error is not None:
                raise self._error
            if self._over:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._events.popleft()
