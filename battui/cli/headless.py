"""A kernel without a screen: started, asked, followed on stderr, and always shut down in order."""

from __future__ import annotations

import signal
import sys
from argparse import Namespace
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

import trio

from battui.cli.approval import with_approval
from battui.cli.narration import Narrator
from battui.cli.remote_kernel import KernelLeft, RemoteKernel, keyed, once_it_can_be_had, running_kernel
from battui.cli.served_kernel import ServedKernel
from battui.contracts.commands import Command
from battui.contracts.errors import BattuiError
from battui.contracts.portal import Portal
from battui.contracts.replies import Reply
from battui.contracts.settings import Settings
from battui.kernel.kernel import Kernel

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Work = Callable[[Portal], Awaitable[int]]
AnyKernel: TypeAlias = Kernel | ServedKernel | RemoteKernel
ATTEMPTS = 5


def perform(arguments: Namespace, command: Command) -> int:
    """Perform one command on the image, print its reply, and return the exit code; as `replies_to`."""
    from battui.cli.output import print_reply

    (reply,) = replies_to(arguments, command)
    print_reply(reply, arguments.output)
    return 0


def replies_to(arguments: Namespace, *commands: Command) -> list[Reply]:
    """Perform commands on the image, in order.

    They have to be such as a kernel at rest performs: they look, or change the image by themselves. Raises
    BattuiError at the first that fails, and SystemExit where a signal has ended the work.
    """
    from battui.cli.wiring import settings_of

    left = deque(keyed(command) for command in commands)
    replies: list[Reply] = []

    async def work(portal: Portal) -> int:
        while left:
            replies.append(await portal.submit(left[0]))
            left.popleft()
        return 0

    quiet = None if arguments.verbose else _tell_nobody
    code = run_again(settings_of(arguments), work, verbose=arguments.verbose, tell=quiet, at_rest=True)
    if code:
        raise SystemExit(code)
    return replies


def run_again(
    settings: Settings,
    work: Work,
    *,
    verbose: bool = False,
    tell: Callable[[str], None] | None = None,
    at_rest: bool = False,
) -> int:
    """As run_headless, for `work` that can be done again: it is, when another process's kernel ends meanwhile."""
    for _ in range(ATTEMPTS):
        try:
            return run_headless(settings, work, verbose=verbose, tell=tell, at_rest=at_rest)
        except KernelLeft:
            continue
    return run_headless(settings, work, verbose=verbose, tell=tell, at_rest=at_rest)


def run_headless(
    settings: Settings,
    work: Work,
    *,
    verbose: bool = False,
    tell: Callable[[str], None] | None = None,
    at_rest: bool = False,
    on_demand: bool = True,
) -> int:
    """Do `work` at a kernel's portal, and return its exit code.

    The kernel is the one that owns the image already, in whichever process, else one that is started for this, and
    shut down before returning. What happens meanwhile is told line by line, on stderr if not to `tell`. A kernel
    that is started for this has no heartbeat: the image is not to start thinking of its own accord when somebody
    wants one answer. Its engine starts when it is needed, or at once if not `on_demand`; one that is `at_rest`
    nobody else can reach while it lives. SIGINT, SIGTERM and SIGHUP end the work and shut the kernel down in order;
    the code is then 128 + the signal's
    number. A second signal does not wait for that. Raises BattuiError with the reason where the work or the kernel
    fails.
    """
    settings = with_approval(replace(settings, heartbeat=replace(settings.heartbeat, enabled=False)))
    narrator = Narrator(tell or _tell_stderr, verbose=verbose)
    return once_it_can_be_had(lambda: _run(settings, work, narrator, at_rest=at_rest, on_demand=on_demand))


def run_kernel(kernel: ServedKernel, work: Work, *, verbose: bool = False) -> int:
    """Run this kernel for as long as `work` takes, telling on stderr what happens; its exit code."""
    return _run_beside(kernel, work, Narrator(_tell_stderr, verbose=verbose), 0)


def _run(settings: Settings, work: Work, narrator: Narrator, *, at_rest: bool, on_demand: bool) -> int:
    if endpoint := running_kernel(settings):
        # The past of a kernel that others use is none of this command's business.
        return _run_beside(RemoteKernel(endpoint), work, narrator, None)
    kernel = Kernel(settings, at_rest=True) if at_rest else ServedKernel(settings, on_demand=on_demand)
    return _run_beside(kernel, work, narrator, 0)


def _run_beside(kernel: AnyKernel, work: Work, narrator: Narrator, since: int | None) -> int:
    try:
        return trio.run(_Headless(kernel, work, narrator, since).run)
    except BaseExceptionGroup as group:
        # The one error of nested nurseries has its own traceback; only where there are several, all are told.
        raise _telling(group) from (group if len(list(_leaves(group))) > 1 else None)


class _Headless:
    """One run: who watches signals, who owns the kernel, who works."""

    def __init__(self, kernel: AnyKernel, work: Work, narrator: Narrator, since: int | None) -> None:
        self.kernel = kernel
        self.since = since
        self.work = work
        self.narrator = narrator
        self.working = trio.CancelScope()
        self.code = 0
        self.failure: BattuiError | None = None

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
        async with trio.open_nursery() as owning:
            with self.working:
                await owning.start(self.kernel.run)
                await self._work()
            self.kernel.stop()
        if self.failure is not None and self.code == 0:
            raise self.failure

    async def _work(self) -> None:
        async with self.kernel.portal.events(self.since) as events, trio.open_nursery() as telling:
            telling.start_soon(self.narrator.follow, events)
            try:
                code = await self.work(self.kernel.portal)
                self.code = self.code or code
            except Exception as error:
                # Kept until the kernel has shut down in order: raised within its nursery, it would cancel it.
                self.failure = _own(error)
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


def _own(error: Exception) -> BattuiError:
    """The error of battui's own that `error` is or groups; what is none is a fault, and raised again."""
    told = _telling(error)
    if isinstance(told, BattuiError):
        return told
    raise error


def _telling(group: BaseException) -> BaseException:
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
