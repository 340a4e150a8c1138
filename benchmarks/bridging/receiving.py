"""How fast messages that have arrived are taken."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from statistics import median

import trio
import zmq
import zmq.asyncio

from benchmarks.bridging.rounds import ROUNDS, spread

WAITING = 50_000
"""Messages that lie there to be received."""
SETTLING_S = 0.5
"""In which ZeroMQ's own thread has moved them to where they are received from."""


def receiving() -> None:
    """How fast one thread or task takes messages that have arrived: the rate of receiving alone.

    All lie in the socket before the clock starts, so that no sender competes for the processor. Told is the rate on
    the wall's clock, and the one in the thread's own processor time, which a busy machine hardly changes.
    """
    ways = {"raw blocking": _receive_blocking, "zmq.asyncio": _receive_asyncio, "edge socket": _receive_edge}
    walls: dict[str, list[float]] = {name: [] for name in ways}
    works: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, receive in ways.items():
            wall, work = _received(receive)
            walls[name].append(wall)
            works[name].append(work)
    for name in ways:
        print(
            f"receive, {name:<12} {median(walls[name]):9.0f} /s, {median(works[name]):9.0f} in processor time"
        )
    for title, rates in (("wall", walls), ("processor time", works)):
        mine = rates["edge socket"]
        print(
            f"receive, {title}: edge socket {spread(mine, rates['raw blocking'])} of raw blocking, "
            f"{spread(mine, rates['zmq.asyncio'])} of zmq.asyncio"
        )


def _received(receive: Callable[[zmq.Socket[bytes]], None]) -> tuple[float, float]:
    """Messages a second, on the wall's clock and in this thread's processor time."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    with tempfile.TemporaryDirectory(prefix="battui-") as folder:
        router, dealer = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
        router.rcvhwm = dealer.sndhwm = 0
        router.bind(f"ipc://{folder}/socket")
        dealer.connect(f"ipc://{folder}/socket")
        for _ in range(WAITING + 1):
            dealer.send(b"x" * 64)
        router.recv_multipart()
        time.sleep(SETTLING_S)
        began, worked = time.perf_counter(), time.thread_time()
        receive(router)
        took = time.perf_counter() - began, time.thread_time() - worked
        context.destroy(linger=0)
    return WAITING / took[0], WAITING / took[1]


def _receive_blocking(router: zmq.Socket[bytes]) -> None:
    for _ in range(WAITING):
        router.recv_multipart()


def _receive_asyncio(router: zmq.Socket[bytes]) -> None:
    async def receive() -> None:
        socket = zmq.asyncio.Socket.from_socket(router)
        for _ in range(WAITING):
            await socket.recv_multipart()

    asyncio.run(receive())


def _receive_edge(router: zmq.Socket[bytes]) -> None:
    from battui.bridge.edge_socket import EdgeSocket

    async def receive() -> None:
        socket = EdgeSocket(router)
        taken = 0
        async with trio.open_nursery() as nursery:
            nursery.start_soon(socket.pump)
            while taken < WAITING:
                for _, frames in await socket.receive_addressed():
                    taken += bool(frames[0].bytes)
            nursery.cancel_scope.cancel()

    trio.run(receive)
