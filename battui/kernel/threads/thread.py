"""The Trio kernel in a thread of its own, beside an asyncio program in the main thread.

The thread is no daemon: Python waits for it, so the kernel's `finally` blocks run even when the front end dies.
A signal asks the kernel to stop first and the front end second. Should the front end then hang, as it does when
it writes to a terminal that is gone, the process is ended from here, after the kernel has closed its image.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Protocol

import outcome
import trio

from battui.contracts.errors import BattuiError, Unreachable
from battui.contracts.portal import Portal
from battui.kernel.threads.crossing import Crossing
from battui.kernel.threads.thread_portal import ThreadPortal

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)

SWITCH_INTERVAL = 0.0005
"""Seconds after which Python hands on its lock; its 5 ms would be felt in every key press."""


class ThreadedKernel(Protocol):
    """What a kernel has to be to live in a thread."""

    @property
    def portal(self) -> Portal:
        """The portal for tasks of Trio; there once `run` has said that it started."""
        ...

    async def run(self, *, task_status: trio.TaskStatus[Any] = ...) -> None:
        """Run until stopped. Raises BattuiError where the image cannot be opened."""
        ...

    def stop(self) -> None:
        """Ask for an orderly end. Called in Trio's thread, perhaps during the start, perhaps twice."""
        ...


class FrontEnd(Protocol):
    """An asyncio program that a person looks at; Textual's App is one."""

    async def run_async(self) -> int | None: ...

    def exit(self, result: int) -> None: ...


class KernelThread:
    """`async with KernelThread(kernel) as portal:` runs `kernel` beside the asyncio program inside.

    Entering waits until the kernel has started, and raises what it raised if it cannot. Leaving stops it, waits
    for its orderly end, and raises what ended it if that was an error. `grace` is how many seconds a front end
    has to end after its kernel has; `signals` are handled only when this is used in the main thread.
    """

    def __init__(
        self,
        kernel: ThreadedKernel,
        *,
        on_signal: Callable[[int], None] = lambda _code: None,
        grace: float = 3.0,
    ) -> None:
        self._kernel = kernel
        self._on_signal = on_signal
        self._grace = grace
        self._crossing = Crossing()
        self._left = threading.Event()
        self._handlers: dict[signal.Signals, Any] = {}
        self.signalled = 0
        """128 + the number of the signal that asked us to end, or 0."""

    async def __aenter__(self) -> Portal:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._started: asyncio.Future[None] = loop.create_future()
        self._ended: asyncio.Future[outcome.Outcome[None]] = loop.create_future()
        self._switch_interval = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._crossing.attach(loop)
        self._thread = threading.Thread(target=self._live, name="battui-kernel", daemon=False)
        self._thread.start()
        self._handle_signals()
        try:
            await self._first_word()
        except asyncio.CancelledError:
            await self._leave()
            raise
        if not self._started.done():
            result = await self._leave()
            if self.signalled:
                raise Unreachable("the kernel was stopped while it started")
            result.unwrap()
        return ThreadPortal(self._kernel.portal, self._crossing)

    async def _first_word(self) -> None:
        waiting: set[asyncio.Future[Any]] = {self._started, self._ended}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        result = await self._leave()
        if error is None:
            result.unwrap()

    async def _leave(self) -> outcome.Outcome[None]:
        """Stop the kernel and wait for it, whatever happens to whoever waits: its image must be closed in order."""
        self._left.set()
        self._crossing.call(self._kernel.stop)
        interrupted = False
        while not self._ended.done():
            try:
                await asyncio.shield(self._ended)
            except asyncio.CancelledError:
                interrupted = True
        self._thread.join()
        self._restore()
        if interrupted:
            raise asyncio.CancelledError
        return self._ended.result()

    def _restore(self) -> None:
        sys.setswitchinterval(self._switch_interval)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()

    def _handle_signals(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._handlers = {number: signal.signal(number, self._on_raw_signal) for number in SIGNALS}

    def _on_raw_signal(self, number: int, _frame: FrameType | None) -> None:
        # A raw handler, not asyncio's: it runs even while the loop is blocked on a dead terminal. Everything in
        # it is safe inside a signal handler. A second signal means it: the kernel is cancelled, not asked.
        again = bool(self.signalled)
        self.signalled = 128 + number
        self._crossing.call(self._crossing.cancel if again else self._kernel.stop)
        self._crossing.tell(self._on_signal, self.signalled)

    def _live(self) -> None:
        result = outcome.capture(trio.run, self._main)
        self._crossing.close()
        self._crossing.tell(self._ended.set_result, _plain(result))
        if not self._left.wait(self._grace):
            self._end_process(result)

    async def _main(self) -> None:
        async with self._crossing.open(), trio.open_nursery() as nursery:
            await nursery.start(self._kernel.run)
            self._crossing.tell(self._started.set_result, None)

    def _end_process(self, result: outcome.Outcome[None]) -> None:
        """Leave for a front end that cannot. The kernel has closed everything, so nothing is lost."""
        if isinstance(result, outcome.Error):
            traceback.print_exception(result.error, file=sys.__stderr__)
        os._exit(self.signalled or (1 if isinstance(result, outcome.Error) else 0))


async def run_beside(
    kernel: ThreadedKernel, make_front_end: Callable[[Portal], FrontEnd], *, grace: float = 3.0
) -> int:
    """Run `kernel` and, in front of it, what `make_front_end` makes; return the exit code.

    A signal ends both, and the code is 128 + its number. Raises BattuiError where the kernel cannot start, and
    whatever ended it.
    """
    front_ends: list[FrontEnd] = []

    def end_front(code: int) -> None:
        for front_end in front_ends:
            front_end.exit(code)

    thread = KernelThread(kernel, on_signal=end_front, grace=grace)
    code: int | None = None
    try:
        async with thread as portal:
            front_ends.append(make_front_end(portal))
            if not thread.signalled:
                code = await front_ends[0].run_async()
    except BattuiError:
        if not thread.signalled:
            raise
    return thread.signalled or code or 0


def _plain(result: outcome.Outcome[None]) -> outcome.Outcome[None]:
    """Take a lone error out of the groups that nurseries wrapped around it."""
    if isinstance(result, outcome.Error):
        error = result.error
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
            error = error.exceptions[0]
        return outcome.Error(error)
    return result
