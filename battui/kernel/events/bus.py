"""The event stream: everything that happens is announced once, to whoever follows."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

import trio

from battui.contracts.events import EventKind, KernelEvent, Level
from battui.contracts.values import Value

FOLLOWER_BACKLOG = 5_000


class Bus:
    """Announces events to followers without ever waiting for one of them.

    A follower that falls behind loses its oldest events; the gap shows in the sequence numbers. `keep` is given every
    event that is worth keeping, at once.
    """

    def __init__(self, memory: int, keep: Callable[[KernelEvent], None] | None = None) -> None:
        self._keep = keep
        self._remembered: deque[KernelEvent] = deque(maxlen=memory)
        self._followers: set[_Follower] = set()
        self._sequence = 0
        self._ended = False

    @property
    def sequence(self) -> int:
        """The number of the event announced last; 0 before the first."""
        return self._sequence

    def announce(
        self,
        kind: EventKind,
        text: str,
        *,
        level: Level = "info",
        mission: str = "",
        about: str = "",
        data: Mapping[str, Value] | None = None,
    ) -> None:
        """Tell everybody; only from the kernel's own thread."""
        self._sequence += 1
        event = KernelEvent(self._sequence, time.time(), kind, text, level, mission, about, data or {})
        # Pieces of text are worth nothing to those who join later.
        if kind != "token":
            self._remembered.append(event)
            if self._keep is not None:
                self._keep(event)
        for follower in self._followers:
            follower.put(event)

    @asynccontextmanager
    async def follow(self, since: int | None = None) -> AsyncIterator[AsyncIterator[KernelEvent]]:
        """Events from now on, preceded by the remembered ones from `since` on."""
        follower = _Follower(
            [] if since is None else [event for event in self._remembered if event.sequence >= since]
        )
        if self._ended:
            follower.end()
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    def end(self) -> None:
        """No more events will come: let every follower finish what it has, later ones included."""
        self._ended = True
        for follower in self._followers:
            follower.end()


class _Follower:
    # No generator: one that is left before its end would have to be closed by whoever leaves it.
    def __init__(self, past: Iterable[KernelEvent]) -> None:
        self._past = deque(past)
        self._waiting: deque[KernelEvent] = deque(maxlen=FOLLOWER_BACKLOG)
        self._news = trio.Event()
        self._ended = False

    def put(self, event: KernelEvent) -> None:
        self._waiting.append(event)
        self._news.set()

    def end(self) -> None:
        self._ended = True
        self._news.set()

    def __aiter__(self) -> _Follower:
        return self

    async def __anext__(self) -> KernelEvent:
        if self._past:
            return self._past.popleft()
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            await self._news.wait()
            self._news = trio.Event()
        return self._waiting.popleft()
