"""What a client waits for: replies, and events of a stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio

from battui.bridge.frames import Follow, Request
from battui.contracts.events import KernelEvent
from battui.contracts.replies import Reply

OnProgress = Callable[[KernelEvent], None]


@dataclass(eq=False)
class Pending:
    """A request on its way, and what is to come back. Asked again under a new number after a loss."""

    request: Request
    progress: OnProgress | None = None
    done: anyio.Event = field(default_factory=anyio.Event)
    reply: Reply | None = None
    data: bytes = b""
    error: Exception | None = None

    def fail(self, error: Exception) -> None:
        """There will be no reply."""
        self.error = error
        self.done.set()


class EventStream:
    """The events that a client follows; it ends with the kernel. `taken` is called with how many were taken."""

    def __init__(self, follow: Follow, taken: Callable[[int], None]) -> None:
        self.follow = follow
        self.opened = anyio.Event()
        self.last = 0
        self.error: Exception | None = None
        self._taken = taken
        self._untold = 0
        self._events: deque[KernelEvent] = deque()
        self._news = anyio.Event()
        self._over = False

    def put(self, events: tuple[KernelEvent, ...]) -> None:
        """More events; an empty lot says that the stream stands."""
        self.opened.set()
        self._events.extend(events)
        if events:
            self.last = events[-1].sequence
        self._news.set()

    def end(self, error: Exception | None = None) -> None:
        """No more events will come."""
        self.error = error
        self._over = True
        self.opened.set()
        self._news.set()

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> KernelEvent:
        while not self._events:
            if self._over:
                if self.error is not None:
                    raise self.error
                raise StopAsyncIteration
            self._news = anyio.Event()
            await self._news.wait()
        self._count()
        return self._events.popleft()

    def _count(self) -> None:
        """Tell now and then how many were taken: each time would be a message an event."""
        self._untold += 1
        if self._untold * 2 >= self.follow.window:
            self._taken(self._untold)
            self._untold = 0
