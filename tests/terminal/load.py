"""Work for a kernel: lanes of durable messages at a rate, and one mission whose model writes on and on.

    python -m tests.terminal.load MESSAGES_A_SECOND [think]

Without messages, or without `think`, it does the other alone. It says `flowing` once messages are acknowledged and
the model writes, and as the kernel ends, or its own input, how many messages each lane knows to be done.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from functools import partial
from itertools import count

import trio

from battui.bridge.client import AsyncClient
from battui.bridge.client.places import local_endpoint
from battui.contracts.errors import ApprovalNeeded, BattuiError, MissionFailed

LANES = 8


class Load:
    """What was sent, and what of it was acknowledged."""

    def __init__(self, client: AsyncClient, a_second: float) -> None:
        self._client = client
        self._pause = LANES / a_second if a_second else 0.0
        self.done = [0] * LANES
        self.writing = trio.Event()
        self.acknowledged = trio.Event()

    async def send(self, lane: int) -> None:
        """Write numbers into a slot, each after the one before is known to be written."""
        due = trio.current_time() + lane * self._pause / LANES
        while True:
            await trio.sleep_until(due)
            # A kernel that cannot keep up is not given more to catch up with.
            due = max(due + self._pause, trio.current_time())
            await self._client.line(f"account.lane{lane} = {self.done[lane] + 1}")
            self.done[lane] += 1
            if min(self.done) >= 5:
                self.acknowledged.set()

    async def think(self) -> None:
        """Have the model write on and on; a mission that has come to its end is followed by another."""
        for number in count():
            with suppress(MissionFailed, ApprovalNeeded):
                await self._client.line(f"account.ramble{number or ''}()  # go on and on")

    async def listen(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Wait for the model's words."""
        async with self._client.events(kinds=("token",)) as events:
            task_status.started()
            async for _ in events:
                self.writing.set()


async def work(a_second: float, *, think: bool) -> None:
    """Work until the kernel has gone or nobody wants it any more."""
    load = None
    try:
        async with (
            AsyncClient(local_endpoint(), patience=0.5) as client,
            trio.open_nursery() as nursery,
        ):
            load = Load(client, a_second)
            if think:
                await nursery.start(load.listen)
                nursery.start_soon(load.think)
                await load.writing.wait()
            if a_second:
                for lane in range(LANES):
                    nursery.start_soon(load.send, lane)
                await load.acknowledged.wait()
            print("flowing", flush=True)  # noqa: T201
            await trio.to_thread.run_sync(sys.stdin.read, abandon_on_cancel=True)
            nursery.cancel_scope.cancel()
    finally:
        print(json.dumps(load.done if load is not None else []), flush=True)  # noqa: T201


if __name__ == "__main__":
    with suppress(BattuiError, BaseExceptionGroup):
        trio.run(partial(work, float(sys.argv[1]), think="think" in sys.argv[2:]))
