"""A ZeroMQ socket for tasks that wait, on Trio and, by anyio, on asyncio.

ZeroMQ tells that something has changed by one file descriptor, and it tells an edge: only a change makes it readable,
and any call on the socket may swallow that. What stands is read from EVENTS alone. So one pump waits for the
descriptor; whoever finds nothing to do looks at EVENTS once more before it goes to sleep; and a call that goes
through looks at them for a task that sleeps in the other direction. Many messages are taken at one waking.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import trio
import zmq

T = TypeVar("T")
NOW, NOW_AND_MORE = int(zmq.NOBLOCK), int(zmq.NOBLOCK | zmq.SNDMORE)
MANY = 128
"""Messages taken at one waking, before other tasks have their turn."""
ANOTHERS_TURN_S = 0.001
"""A ROUTER that can be written to for some client, not for ours, has no event to wait for."""


class Signal(Protocol):
    """An event as Trio and anyio have it."""

    def set(self) -> Any: ...

    async def wait(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """How to wait in the world that the socket lives in."""

    readable: Callable[[int], Awaitable[None]]
    checkpoint: Callable[[], Awaitable[None]]
    sleep: Callable[[float], Awaitable[None]]
    signal: Callable[[], Signal]


TRIO = Waiting(trio.lowlevel.wait_readable, trio.lowlevel.checkpoint, trio.sleep, trio.Event)


class EdgeSocket:
    """Owner of `socket`, which nobody else may use. One task may receive and one may send at a time."""

    def __init__(self, socket: zmq.Socket[bytes], waiting: Waiting = TRIO) -> None:
        self.socket = socket
        self._waiting = waiting
        self._receive, self._send = socket.recv, socket.send
        self._descriptor = int(socket.getsockopt(zmq.FD))
        self._sleeping: dict[int, Signal] = {}

    async def pump(self) -> None:
        """Wake whoever can go on, until cancelled. Without it nobody ever is."""
        while True:
            await self._waiting.readable(self._descriptor)
            self._wake()

    async def receive_many(self, most: int = MANY) -> list[list[bytes]]:
        """Wait for a message, and take up to `most` of those that are there."""
        return await self._when(zmq.POLLIN, lambda: _many(self._take, most))

    async def receive_addressed(self, most: int = MANY) -> list[tuple[bytes, list[zmq.Frame]]]:
        """The same at a ROUTER: the identity of each sender, and the frames that it has sent, which know its name."""
        return await self._when(zmq.POLLIN, lambda: _many(self._take_addressed, most))

    async def send(self, parts: list[bytes]) -> None:
        """Send one message, waiting while the other side takes none."""
        await self._when(zmq.POLLOUT, lambda: self._put(parts))

    def send_now(self, parts: list[bytes]) -> bool:
        """Send if that goes without waiting; whether it did. Raises zmq.ZMQError for a peer that is gone."""
        try:
            self._put(parts)
        except zmq.Again:
            return False
        finally:
            self._wake_sleepers()
        return True

    def close(self) -> None:
        """Close the socket; what was not sent yet is dropped."""
        self.socket.close(linger=0)

    async def _when(self, direction: int, act: Callable[[], T]) -> T:
        # The one place at which a cancellation strikes is before the act: nothing that was received gets lost.
        await self._waiting.checkpoint()
        while True:
            try:
                return act()
            except zmq.Again:
                await self._sleep_until(direction)
            finally:
                self._wake_sleepers()

    async def _sleep_until(self, direction: int) -> None:
        if self._wake() & direction:
            # It has come since. If it was to be sent, it may be another peer's room.
            if direction == zmq.POLLOUT:
                await self._waiting.sleep(ANOTHERS_TURN_S)
            return
        signal = self._sleeping[direction] = self._waiting.signal()
        try:
            await signal.wait()
        finally:
            if self._sleeping.get(direction) is signal:
                del self._sleeping[direction]

    def _wake_sleepers(self) -> None:
        if self._sleeping:
            self._wake()

    def _wake(self) -> int:
        """Read EVENTS, which takes the edge, and wake those whom it concerns."""
        events = int(self.socket.getsockopt(zmq.EVENTS))
        for direction in [each for each in self._sleeping if each & events]:
            self._sleeping.pop(direction).set()
        return events

    def _put(self, parts: list[bytes]) -> None:
        # Once the first part is accepted, so is the whole message: room is counted in messages.
        send = self._send
        for part in parts[:-1]:
            send(part, NOW_AND_MORE)
        send(parts[-1], NOW)

    def _take(self) -> list[bytes]:
        return [frame.bytes for frame in self._take_frames()]

    def _take_addressed(self) -> tuple[bytes, list[zmq.Frame]]:
        # What a ROUTER puts in front always has a successor: its bytes alone cost a third of a frame.
        return self._receive(NOW), self._take_frames()

    def _take_frames(self) -> list[zmq.Frame]:
        # A frame knows whether it has a successor, and says so much faster than the socket does.
        frames = [self._receive(NOW, copy=False)]
        while frames[-1].more:
            frames.append(self._receive(NOW, copy=False))
        return frames


def _many(take: Callable[[], T], most: int) -> list[T]:
    """What `take` gives, until there is no more; raises zmq.Again where there is nothing at all."""
    taken = [take()]
    try:
        while len(taken) < most:
            taken.append(take())
    except zmq.Again:
        pass
    return taken
