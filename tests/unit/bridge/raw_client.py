"""A client that says whatever a test wants: a bare socket, and the notices that come back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
import zmq

from battui.bridge.edge_socket import EdgeSocket
from battui.bridge.frames import Notice, Request, pack_request, unpack_notice
from battui.bridge.seed_form import is_seed_form


class RawClient:
    """Sends bytes, receives notices with their numbers."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self.socket = EdgeSocket(socket)
        self._received: list[tuple[int, Notice]] = []

    async def say(self, *parts: bytes) -> None:
        await self.socket.send(list(parts))

    async def ask(self, number: int, request: Request) -> None:
        await self.say(pack_request(number, request))

    async def hear(self) -> tuple[int, Notice]:
        while not self._received:
            frames = [parts[0] for parts in await self.socket.receive_many()]
            # What looks like the oldest form of a command is answered in that form, which has no number.
            self._received = [unpack_notice(frame) for frame in frames if not is_seed_form(frame)]
        return self._received.pop(0)


@asynccontextmanager
async def raw_client(endpoint: str, **options: int) -> AsyncIterator[RawClient]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.DEALER)
    for name, value in options.items():
        socket.setsockopt(getattr(zmq, name), value)
    socket.connect(endpoint)
    client = RawClient(socket)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.socket.pump)
            yield client
            nursery.cancel_scope.cancel()
    finally:
        context.destroy(linger=0)
