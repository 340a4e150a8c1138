"""One client's view of the event stream, sent no faster than it is taken."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable

import trio

from battui.bridge.frames import Ended, Events, Follow, Notice
from battui.contracts.events import KernelEvent
from battui.contracts.portal import Portal

MOST_WAITING = 2_000
"""Events that may wait for a slow client; with one more it is dropped, and told so."""
MOST_TOGETHER = 64
"""Events in one frame."""
MAX_WINDOW = 4_096


class Subscription:
    """Sends the events that a client chose, as far as it has given credit."""

    def __init__(self, follow: Follow, tell: Callable[[Notice], None]) -> None:
        self._follow = follow
        self._tell = tell
        self._credit = min(max(follow.window, 1), MAX_WINDOW)
        self._waiting: deque[KernelEvent] = deque()
        self._changed = trio.Event()
        self._over = False
        self._last = 0
        self.scope = trio.CancelScope()

    def credit(self, events: int) -> None:
        """The client has taken so many."""
        self._credit = min(self._credit + max(events, 0), MAX_WINDOW)
        self._changed.set()

    async def run(self, portal: Portal) -> bool:
        """Send events until the kernel ends, the client has had enough or is too slow; False if it was too slow."""
        ended = Ended("cancelled")
        with self.scope:
            async with portal.events(self._follow.since) as events, trio.open_nursery() as nursery:
                self._tell(Events())
                nursery.start_soon(self._gather, events)
                ended = Ended("kernel") if await self._send() else Ended("slow", self._last)
                nursery.cancel_scope.cancel()
        self._tell(ended)
        return ended.reason != "slow"

    async def _gather(self, events: AsyncIterator[KernelEvent]) -> None:
        async for event in events:
            if self._wanted(event):
                self._waiting.append(event)
                self._changed.set()
                if len(self._waiting) > MOST_WAITING:
                    return
            await trio.lowlevel.checkpoint_if_cancelled()
        self._over = True
        self._changed.set()

    def _wanted(self, event: KernelEvent) -> bool:
        follow = self._follow
        return (not follow.kinds or event.kind in follow.kinds) and follow.mission in ("", event.mission)

    async def _send(self) -> bool:
        """Send what there is credit for, again and again; False for a client that is too slow."""
        while True:
            while self._credit and self._waiting:
                together = min(self._credit, len(self._waiting), MOST_TOGETHER)
                events = tuple(self._waiting.popleft() for _ in range(together))
                self._credit -= together
                self._last = events[-1].sequence
                self._tell(Events(events))
            if len(self._waiting) > MOST_WAITING:
                return False
            if self._over and not self._waiting:
                return True
            await self._changed.wait()
            self._changed = trio.Event()
