"""What is on its way to the clients of one socket: sent at once where there is room, kept in order where not.

A client that takes nothing fills its own queue and nobody else's. One whose queue overflows is given up: its
commands go on, and when it comes back it asks again with its keys.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import trio
import zmq

from battui.bridge.edge_socket import EdgeSocket

MOST_FRAMES = 4_096
MOST_BYTES = 64 << 20
PATIENCE_S = (0.001, 0.05)
"""ZeroMQ tells when any client has room, not which; so a client without room is tried again after a while."""


@dataclass(eq=False)
class _Queue:
    frames: deque[bytes] = field(default_factory=deque)
    size: int = 0


class Outbox:
    """Sends to clients by their identity; `gone` is told of those that went away or were given up, and why."""

    def __init__(self, socket: EdgeSocket, gone: Callable[[bytes, str], None]) -> None:
        self._socket = socket
        self._gone = gone
        self._queues: dict[bytes, _Queue] = {}
        self._news = trio.Event()

    def put(self, identity: bytes, frame: bytes) -> None:
        """Send the frame, now or later, after all that was put before."""
        queue = self._queues.get(identity)
        if queue is None:
            if self._sent(identity, frame) is not False:
                return
            queue = self._queues[identity] = _Queue()
            self._news.set()
        queue.frames.append(frame)
        queue.size += len(frame)
        if len(queue.frames) > MOST_FRAMES or queue.size > MOST_BYTES:
            del self._queues[identity]
            self._gone(identity, "it takes nothing of what it asked for")

    def waiting_for(self, identity: bytes) -> int:
        """How many frames wait until this client has room."""
        queue = self._queues.get(identity)
        return len(queue.frames) if queue else 0

    async def run(self) -> None:
        """Send what waits, until cancelled."""
        while True:
            await self._news.wait()
            self._news = trio.Event()
            await self.flush()

    async def flush(self) -> None:
        """Send all that waits."""
        pause = PATIENCE_S[0]
        while self._queues:
            progress = [self._advance(identity) for identity in list(self._queues)]
            pause = PATIENCE_S[0] if any(progress) else min(2 * pause, PATIENCE_S[1])
            await trio.sleep(pause)

    def _advance(self, identity: bytes) -> bool:
        """Send as much as this client has room for; whether that was anything."""
        queue = self._queues[identity]
        before = len(queue.frames)
        while queue.frames:
            sent = self._sent(identity, queue.frames[0])
            if sent is False:
                return len(queue.frames) < before
            if sent is None:
                break
            queue.size -= len(queue.frames.popleft())
        self._queues.pop(identity, None)
        return True

    def _sent(self, identity: bytes, frame: bytes) -> bool | None:
        """Whether it was sent; None where there is nobody to send it to."""
        try:
            return self._socket.send_now([identity, frame])
        except zmq.ZMQError as error:
            if error.errno != zmq.EHOSTUNREACH:
                raise
            self._gone(identity, "")
            return None
