"""The client's socket: frames out and in, and word of whether anybody is at the other end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import anyio
import zmq
from anyio.abc import TaskGroup
from zmq.utils.monitor import parse_monitor_message

from battui.bridge.edge_socket import EdgeSocket, Waiting
from battui.bridge.endpoint import require_high_water
from battui.bridge.keys import KeyPair
from battui.contracts.errors import Unreachable, UsageError

# A handshake that fails otherwise is that of a kernel that is just ending, and tried again.
WATCHED = zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_AUTH
RECONNECT_MS = (50, 1_000)
HEARTBEAT_MS = 5_000
"""A TCP line that went dead is noticed after two of these."""


def anyio_waiting() -> Waiting:
    """How to wait on whichever of Trio and asyncio runs."""
    return Waiting(anyio.wait_readable, anyio.lowlevel.checkpoint, anyio.sleep, anyio.Event)


class Wire:
    """A DEALER that reconnects by itself. What could not be sent before a loss is dropped with it."""

    def __init__(
        self,
        endpoint: str,
        key: KeyPair | None,
        *,
        high_water: int,
        received: Callable[[bytes], None],
        found: Callable[[], None],
        lost: Callable[[Exception | None], None],
    ) -> None:
        require_high_water(high_water)
        self._received = received
        self._found = found
        self._lost = lost
        if key is None and endpoint.startswith("tcp:"):
            raise UsageError(
                "a kernel over TCP needs a key", about=endpoint, remedy="Name its file: --key FILE."
            )
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        socket = self._context.socket(zmq.DEALER)
        socket.setsockopt(zmq.IMMEDIATE, 1)
        socket.setsockopt(zmq.SNDHWM, high_water)
        socket.setsockopt(zmq.RCVHWM, high_water)
        socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS[0])
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, RECONNECT_MS[1])
        socket.setsockopt(zmq.HEARTBEAT_IVL, HEARTBEAT_MS)
        if key is not None:
            socket.curve_publickey = key.public.encode()
            socket.curve_secretkey = key.secret.encode()
            socket.curve_serverkey = key.server.encode()
        monitor = socket.get_monitor_socket(WATCHED)
        waiting = anyio_waiting()
        self._socket = EdgeSocket(socket, waiting)
        self._monitor = EdgeSocket(monitor, waiting)
        self._outgoing: deque[bytes] = deque()
        self._news = anyio.Event()
        try:
            socket.connect(endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise UsageError(f"this is no endpoint ({error.strerror})", about=endpoint) from None

    def start(self, group: TaskGroup) -> None:
        """Begin to send and receive, in tasks of `group`."""
        for task in (self._socket.pump, self._monitor.pump, self._receive, self._watch, self._send):
            group.start_soon(task)

    def put(self, frame: bytes) -> None:
        """Send the frame as soon as there is room."""
        self._outgoing.append(frame)
        self._news.set()

    def clear(self) -> None:
        """Forget what was not sent."""
        self._outgoing.clear()

    async def last_words(self) -> None:
        """Let what is to be sent go."""
        while self._outgoing:
            await self._socket.send([self._outgoing.popleft()])

    def close(self) -> None:
        """Close everything; a last word may still leave for a moment."""
        self._context.destroy(linger=100)

    async def _send(self) -> None:
        while True:
            while self._outgoing:
                await self._socket.send([self._outgoing.popleft()])
            self._news = anyio.Event()
            await self._news.wait()

    async def _receive(self) -> None:
        while True:
            for parts in await self._socket.receive_many():
                self._received(parts[-1])

    async def _watch(self) -> None:
        while True:
            for parts in await self._monitor.receive_many():
                self._heed(int(parse_monitor_message(parts)["event"]))

    def _heed(self, event: int) -> None:
        if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self._found()
        elif event == zmq.EVENT_DISCONNECTED:
            self._lost(None)
        else:
            self._lost(
                Unreachable(
                    "the kernel refused the connection",
                    remedy="It takes a key on its list: battui bridge keys, where the kernel runs.",
                )
            )
