"""A front end beside the kernel: signals, exit codes, and a front end that hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from battui.contracts.portal import Portal
from battui.kernel.threads.thread import run_beside
from tests.unit.kernel.small_kernel import SmallKernel


class Window:
    """A front end that stays until it is told to go."""

    def __init__(self, portal: Portal) -> None:
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run_async(self) -> int | None:
        os.kill(os.getpid(), signal.SIGTERM)
        return await self.code

    def exit(self, result: int) -> None:
        self.code.set_result(result)


def test_a_signal_ends_both_and_is_the_exit_code() -> None:
    kernel = SmallKernel()
    before = signal.getsignal(signal.SIGTERM)
    assert asyncio.run(run_beside(kernel, Window)) == 128 + signal.SIGTERM
    assert kernel.log == ["closed"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_front_ends_own_code_is_the_exit_code() -> None:
    class Door(Window):
        async def run_async(self) -> int | None:
            return 4

    assert asyncio.run(run_beside(SmallKernel(), Door)) == 4


HANGING = """
import asyncio, sys, threading
sys.path.insert(0, {folder!r})
from pathlib import Path
from tests.unit.kernel.small_kernel import SmallKernel
from battui.kernel.threads.thread import run_beside

class Wedged:
    def __init__(self, portal): pass
    async def run_async(self):
        print("ready", flush=True)
        lock = threading.Lock(); lock.acquire(); lock.acquire()   # as a writer to a dead terminal does
    def exit(self, result): pass

class Recorded(SmallKernel):
    async def run(self, **keywords):
        try:
            await super().run(**keywords)
        finally:
            Path({record!r}).write_text(",".join(self.log))

sys.exit(asyncio.run(run_beside(Recorded(), Wedged, grace=0.2)))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_front_end_that_hangs_cannot_keep_the_kernel_from_closing(
    tmp_path: Path, number: signal.Signals
) -> None:
    record = tmp_path / "closed"
    program = HANGING.format(folder=str(Path(__file__).parents[3]), record=str(record))
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
        process.send_signal(number)
        assert process.wait(timeout=30) == 128 + number
    assert record.read_text() == "closed"
