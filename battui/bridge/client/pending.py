"""What a client waits for: replies, and events of a stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio

from battui.bridge.faults import error_of
from battui.bridge.frames import Error, Follow, Ok, Pong, Request
from battui.contracts.events import KernelEvent
from battui.contracts.replies import Reply

OnProgress = Callable[[KernelEvent], None]
HELLO = 0
"""The number of a greeting, which nobody waits for."""


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

    def checked(self) -> Pending:
        """This, once it is done; raises the error that came back."""
        if self.error is not None:
            raise self.error
        return self


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


class Awaited:
    """All that a client waits for, by the numbers under which it asked."""

    def __init__(self) -> None:
        self._numbers = HELLO
        self.pending: dict[int, Pending] = {}
        self.streams: dict[int, EventStream] = {}

    def next_number(self) -> int:
        """A number that was not used before."""
        self._numbers += 1
        return self._numbers

    def number_of(self, stream: EventStream) -> int:
        """The number under which a stream is followed now, HELLO where it has ended."""
        return next((number for number, each in self.streams.items() if each is stream), HELLO)

    def tell(self, number: int, event: KernelEvent) -> None:
        """Something happened in the mission of a command."""
        pending = self.pending.get(number)
        if pending is not None and pending.progress is not None:
            pending.progress(event)

    def answer(self, number: int, notice: Ok | Error | Pong) -> None:
        """What was asked under that number is answered; an answer that nobody waits for is dropped."""
        stream = self.streams.pop(number, None)
        if stream is not None and isinstance(notice, Error):
            stream.end(error_of(notice))
        pending = self.pending.pop(number, None)
        if pending is None:
            return
        match notice:
            case Ok(reply=reply):
                pending.reply = reply
            case Error():
                pending.error = error_of(notice)
            case Pong(data=data):
                pending.data = data
        pending.done.set()

    def end_streams(self) -> None:
        """The kernel that told these events is gone."""
        for stream in self.streams.values():
            stream.end()
        self.streams.clear()

    def fail(self, error: Exception) -> None:
        """Nothing will be answered any more."""
        for pending in self.pending.values():
            pending.fail(error)
        self.pending.clear()
        self.end_streams()
