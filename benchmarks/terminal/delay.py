"""A line with a delay: what comes in at one end goes out at the other so much later, and is counted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class DelayedLine:
    """Relays TCP connections on loopback to a port, each direction late by `seconds`."""

    def __init__(self, port: int, seconds: float) -> None:
        self._port = port
        self._seconds = seconds
        self.up = self.down = 0
        """Bytes to the port, and from it."""

    @contextmanager
    def open(self) -> Iterator[int]:
        """Relay while inside, in a thread of its own; the port to connect to."""
        loop, ready = asyncio.new_event_loop(), threading.Event()
        thread = threading.Thread(target=lambda: loop.run_until_complete(self._serve(ready)))
        thread.start()
        ready.wait()
        try:
            yield self.port
        finally:
            loop.call_soon_threadsafe(self._over.set)
            thread.join()
            loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        self._over = asyncio.Event()
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._over.wait()
        server.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, onward = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._carry(reader, onward, up=True))
                tasks.create_task(self._carry(there, writer, up=False))
        except* ConnectionError:
            pass
        finally:
            writer.close()
            onward.close()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, up: bool) -> None:
        loop = asyncio.get_running_loop()
        while data := await source.read(65_536):
            if up:
                self.up += len(data)
            else:
                self.down += len(data)
            # Timers of one delay go off in order, so bytes arrive in theirs.
            loop.call_later(self._seconds, _write, target, data)
        loop.call_later(self._seconds, _write, target, b"")


def _write(target: asyncio.StreamWriter, data: bytes) -> None:
    if target.is_closing():
        return
    if data:
        target.write(data)
    else:
        target.close()
