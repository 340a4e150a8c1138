"""The border between an asyncio loop and a Trio run in another thread.

Trio's side is entered with `TrioToken.run_sync_soon`, asyncio's with `call_soon_threadsafe`; both may be used from
any thread and from signal handlers. Neither side ever blocks on the other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import trio

from battui.contracts.errors import Unreachable

T = TypeVar("T")


def kernel_gone() -> Unreachable:
    """Return the error for everybody who asks a kernel that has ended."""
    return Unreachable("the kernel has ended", remedy="Start battui again.")


class Crossing:
    """Carries calls from asyncio to Trio and their outcomes back."""

    def __init__(self) -> None:
        self._token: trio.lowlevel.TrioToken | None = None
        self._nursery: trio.Nursery | None = None
        self._scope = trio.CancelScope()
        self._waiting: set[asyncio.Future[Any]] = set()
        self._early: deque[Callable[[], None]] = deque()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say which loop is on asyncio's side; before anything else."""
        self._loop = loop

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Accept calls while inside, in Trio's thread; at the end what still waits is cancelled."""
        with self._scope:
            async with trio.open_nursery() as self._nursery:
                self._token = trio.lowlevel.current_trio_token()
                self._hand_over()
                yield
                self._nursery.cancel_scope.cancel()

    def cancel(self) -> None:
        """Cancel everything on Trio's side; in Trio's thread."""
        self._scope.cancel()

    def call(self, function: Callable[[], None]) -> bool:
        """Call `function` in Trio's thread soon; answer False if it has ended. Safe in a signal handler."""
        self._early.append(function)
        return self._token is None or self._hand_over()

    def _hand_over(self) -> bool:
        # What is called before Trio has begun waits. Both threads may be in here at once: each function is taken
        # by one of them, and none is left behind, for who appends looks for the token afterwards.
        assert self._token is not None
        try:
            while self._early:
                self._token.run_sync_soon(self._early.popleft())
        except trio.RunFinishedError:
            return False
        except IndexError:
            return True
        return True

    def tell(self, function: Callable[..., object], *arguments: object) -> None:
        """Call `function` in asyncio's loop soon, unless that is closed. Safe in a signal handler."""
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            return

    async def perform(self, work: Callable[[], Awaitable[T]]) -> T:
        """Perform `work` as a task of Trio and return its result; cancelling the wait cancels the task.

        Raises what it raises, and Unreachable where Trio has ended or ends meanwhile.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        scope = trio.CancelScope()
        self._waiting.add(future)
        try:
            if not self.call(lambda: self._begin(work, future, scope)):
                raise kernel_gone()
            return await future
        except asyncio.CancelledError:
            self.call(scope.cancel)
            raise
        finally:
            self._waiting.discard(future)

    def _begin(
        self, work: Callable[[], Awaitable[T]], future: asyncio.Future[T], scope: trio.CancelScope
    ) -> None:
        assert self._nursery is not None
        try:
            self._nursery.start_soon(self._perform, work, future, scope)
        except RuntimeError:
            # The nursery has closed since. An error in here would take the whole Trio run down.
            self.tell(_refuse, future, kernel_gone())

    async def _perform(
        self, work: Callable[[], Awaitable[T]], future: asyncio.Future[T], scope: trio.CancelScope
    ) -> None:
        try:
            with scope:
                self.tell(_answer, future, await work())
        except Exception as error:  # it is the asker's, and must not end the kernel
            self.tell(_refuse, future, error)

    def close(self) -> None:
        """Tell everybody who still waits that there is no kernel any more; in any thread, after Trio's end."""
        self.tell(self._refuse_all)

    def _refuse_all(self) -> None:
        for future in list(self._waiting):
            _refuse(future, kernel_gone())


def _answer(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _refuse(future: asyncio.Future[T], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
