"""Whose turn it is at the engine, where not every adapter can be in it at once.

Requests for what is in the engine go straight on. The others wait, grouped by adapter; when the engine is idle, or
`patience_s` have passed, the door is closed, what runs is finished, and the engine takes on others: the adapter that
has waited longest is always among them, so that swaps are few and nobody starves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio


@dataclass(eq=False)
class _Waiter:
    name: str
    admitted: trio.Event = field(default_factory=trio.Event)


class ExpertTurns:
    """The queue. `is_hot` says whether requests for an adapter can go on; `swap` has the engine take on others.

    `swap` is given the names that are waited for, in order, and answers those whose requests are to go on now: the
    hot ones, and those that the engine is to refuse itself. It raises nothing, and answers the first name at least.
    """

    def __init__(
        self,
        is_hot: Callable[[str], bool],
        swap: Callable[[Sequence[str]], Awaitable[Collection[str]]],
        *,
        patience_s: float = 0.5,
    ) -> None:
        self._is_hot = is_hot
        self._swap = swap
        self._patience = patience_s
        self._waiting: deque[_Waiter] = deque()
        self._running = 0
        self._closed = 0  # by so many who have closed the door
        self._over = False
        self._lock = trio.Lock()
        self._news = trio.Event()
        self._idle = trio.Event()

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """The block in which a request for the adapter `name` may be at the engine; empty for the model itself."""
        await self._enter(name)
        try:
            yield
        finally:
            self._leave()

    async def run(self) -> None:
        """Swap for those who wait, until cancelled; then everybody goes on, to be told by the engine."""
        try:
            while True:
                while self._closed or not self._wanted():
                    await self._news.wait()
                    self._news = trio.Event()
                await self._change_over()
        finally:
            self._over = True
            self._admit({waiter.name for waiter in self._waiting})

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """The block in which nothing runs; it waits for what does, and nobody new is let in."""
        self.close()
        try:
            async with self._lock:
                await self._drained()
                yield
        finally:
            self.open()

    def close(self) -> None:
        """Let nobody new in until `open` is called as often."""
        self._closed += 1

    def open(self) -> None:
        """Let those in who wait for what is hot, unless somebody else keeps the door closed."""
        self._closed -= 1
        if not self._closed:
            self._admit({waiter.name for waiter in self._waiting if self._is_hot(waiter.name)})
            self._news.set()

    async def _change_over(self) -> None:
        with trio.move_on_after(self._patience):
            await self._drained()
        ready: set[str] = set()
        async with self.alone():
            # Who else has closed the door has something else in mind; after that it is asked again.
            if self._closed == 1 and (wanted := self._wanted()):
                ready = set(await self._swap(wanted))
        self._admit(ready)

    async def _enter(self, name: str) -> None:
        if self._over or (not self._closed and self._is_hot(name)):
            self._running += 1
            return
        waiter = _Waiter(name)
        self._waiting.append(waiter)
        if not self._is_hot(name):
            self._news.set()
        try:
            await waiter.admitted.wait()
        except trio.Cancelled:
            if waiter.admitted.is_set():
                self._leave()
            else:
                self._waiting.remove(waiter)
            raise

    def _leave(self) -> None:
        self._running -= 1
        if not self._running:
            self._idle.set()

    async def _drained(self) -> None:
        while self._running:
            self._idle = trio.Event()
            await self._idle.wait()

    def _wanted(self) -> tuple[str, ...]:
        """The adapters that are waited for and not there, each once, the longest wait first."""
        return tuple(dict.fromkeys(waiter.name for waiter in self._waiting if not self._is_hot(waiter.name)))

    def _admit(self, names: Collection[str]) -> None:
        """Let everybody in who waits for one of `names`."""
        staying: deque[_Waiter] = deque()
        for waiter in self._waiting:
            if waiter.name in names:
                self._running += 1
                waiter.admitted.set()
            else:
                staying.append(waiter)
        self._waiting = staying
