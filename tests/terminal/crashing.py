"""battui with a fault in it: on SIGUSR1 a task of the kernel raises what no task may raise."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

import trio

from battui.cli.main import main
from battui.kernel.heartbeat import Heartbeat

strikes: list[Callable[[], object]] = []


async def _fail(_heartbeat: Heartbeat) -> None:
    token, struck = trio.lowlevel.current_trio_token(), trio.Event()
    strikes.append(lambda: token.run_sync_soon(struck.set))
    await struck.wait()
    raise RuntimeError("planted in the heartbeat")


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, lambda *_: [strike() for strike in strikes])
    Heartbeat.run = _fail  # type: ignore[assignment, method-assign]
    sys.exit(main())
