"""A kernel without a screen: started, asked, followed on stderr, and always shut down in order."""

from __future__ import annotations

import signal
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import trio

from battui.cli.approval import with_approval
from battui.cli.narration import Narrator
from battui.contracts.commands import Command
from battui.contracts.errors import BattuiError
from battui.contracts.portal import Portal
from battui.contracts.settings import Settings
from battui.kernel.kernel import Kernel

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Work = Callable[[Portal], Awaitable[int]]


def perform(arguments: Namespace, command: Command) -> int:
    """Perform one command on the image, print its reply, and return the exit code."""
    from battui.cli.output import print_reply
    from battui.cli.wiring import settings_of

    async def work(portal: Portal) -> int:
        print_reply(await portal.submit(command), arguments.output)
        return 0

    quiet = None if arguments.verbose else _tell_nobody
    return run_headless(settings_of(arguments), work, verbose=arguments.verbose, tell=quiet)


def run_headless(
    settings: Settings, work: Work, *, verbose: bool = False, tell: Callable[[str], None] | None = None
) -> int:
    """Start a kernel, do `work` at its portal, and return its exit code once the kernel has shut down.

    What happens meanwhile is told line by line, on stderr if not to `tell`. There is no heartbeat: the image is
    not to start thinking of its own accord when somebody wants one answer. SIGINT, SIGTERM and SIGHUP end the
    work and shut the kernel down in order; the code is then 128 + the signal's number. A second signal does
    not wait for that. Raises BattuiError with the reason where the work or the kernel fails.
    """
    narrator = Narrator(tell or _tell_stderr, verbose=verbose)
    settings = with_approval(replace(settings, heartbeat=replace(settings.heartbeat, enabled=False)))
    try:
        return trio.run(_Headless(Kernel(settings), work, narrator).run)
    except BaseExceptionGroup as group:
        raise _telling(group) from group


class _Headless:
    """One run: who watches signals, who owns the kernel, who works."""

    def __init__(self, kernel: Kernel, work: Work, narrator: Narrator) -> None:
        self.kernel = kernel
        self.work = work
        self.narrator = narrator
        self.working = trio.CancelScope()
        self.code = 0

    async def run(self) -> int:
        # Who started us with a signal ignored, as nohup does, means it.
        heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        with trio.open_signal_receiver(*heeded) as signals:
            async with trio.open_nursery() as watching:
                watching.start_soon(self._watch, signals, watching.cancel_scope)
                await self._run_kernel()
                watching.cancel_scope.cancel()
        return self.code

    async def _watch(self, signals: AsyncIterator[int], everything: trio.CancelScope) -> None:
        async for number in signals:
            impatient = self.code > 128
            self.code = 128 + number
            (everything if impatient else self.working).cancel()

    async def _run_kernel(self) -> None:
        failure: BattuiError | None = None
        async with trio.open_nursery() as owning:
            with self.working:
                await owning.start(self.kernel.run)
                try:
                    await self._work()
                except BattuiError as error:
                    # Kept until the kernel has shut down in order: raised here, it would cancel it.
                    failure = error
            self.kernel.stop()
        if failure is not None and self.code == 0:
            raise failure

    async def _work(self) -> None:
        async with self.kernel.portal.events(since=0) as events, trio.open_nursery() as telling:
            telling.start_soon(self.narrator.follow, events)
            try:
                code = await self.work(self.kernel.portal)
                self.code = self.code or code
            finally:
                with trio.CancelScope(shield=True):
                    await self._caught_up()
                telling.cancel_scope.cancel()

    async def _caught_up(self) -> None:
        """Let the narrator tell what has already happened: it has when two turns bring nothing new."""
        told, quiet = -1, 0
        while quiet < 2:
            quiet = quiet + 1 if told == self.narrator.told else 0
            told = self.narrator.told
            await trio.lowlevel.checkpoint()


def _telling(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one exception of a group that says most: battui's own before faults, faults before the group."""
    leaves = list(_leaves(group))
    own = [leaf for leaf in leaves if isinstance(leaf, BattuiError)]
    return (own or leaves)[0]


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]


def _tell_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _tell_nobody(line: str) -> None:
    """What a command that only looks or changes one thing says of the rest of the image: nothing."""
