"""The bridge beside raw sockets: echoes, and durable sends, with 1, 8 and 64 clients. All figures of one run.

Run: python -m benchmarks.bridge [SECONDS]. Servers run in a process of their own, and so do the clients, which are
the same for every server: one DEALER a client, each with up to WINDOW requests on their way.

echo, raw blocking    a ROUTER in one thread, recv_multipart and send_multipart
echo, zmq.asyncio     the same with await
echo, edge socket     the same on Trio with the bridge's socket, many a waking
echo, bridge          a whole bridge: envelope checked, session found, reply packed
durable, bridge       keyed writes into a real image, each acknowledged when it is on disk
receive               one thread or task takes messages that have arrived

Ratios are those of each round, the middle one with the smallest and largest. Those in processor time compare what the
server's thread needs for a message, and hold on a busy machine, too.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median
from typing import cast

import trio
import zmq
import zmq.asyncio

from benchmarks.bridging.receiving import receiving
from benchmarks.bridging.rounds import ROUNDS, spread

CLIENTS = (1, 8, 64)
WINDOW = 16
Frame = Callable[[int], bytes]
Serve = Callable[[str, Event], None]


def serve_blocking(endpoint: str, ready: Event) -> None:
    router = zmq.Context().socket(zmq.ROUTER)
    router.bind(endpoint)
    ready.set()
    while True:
        router.send_multipart(router.recv_multipart())


def serve_asyncio(endpoint: str, ready: Event) -> None:
    async def serve() -> None:
        router = zmq.asyncio.Context().socket(zmq.ROUTER)
        router.bind(endpoint)
        ready.set()
        while True:
            await router.send_multipart(await router.recv_multipart())

    asyncio.run(serve())


def serve_edge(endpoint: str, ready: Event) -> None:
    from battui.bridge.edge_socket import EdgeSocket

    async def serve() -> None:
        router = zmq.Context().socket(zmq.ROUTER)
        router.bind(endpoint)
        socket = EdgeSocket(router)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(socket.pump)
            ready.set()
            while True:
                for identity, frames in await socket.receive_addressed():
                    parts = [identity, *(frame.bytes for frame in frames)]
                    if not socket.send_now(parts):
                        await socket.send(parts)

    trio.run(serve)


def serve_bridge(endpoint: str, ready: Event) -> None:
    from battui.bridge.bridge import Bridge
    from battui.bridge.sockets import Places
    from battui.contracts.portal import Portal

    async def serve() -> None:
        # An echo is the bridge's own: it never gets to the portal.
        portal = cast(Portal, None)
        path = Path(endpoint.removeprefix("ipc://"))
        bridge = Bridge(portal, Places(path), image="", stop=lambda: None, announce=print)
        bridge.open()
        async with trio.open_nursery() as nursery:
            await nursery.start(bridge.run)
            ready.set()

    trio.run(serve)


def serve_kernel(endpoint: str, ready: Event) -> None:
    from battui.bridge.bridge import Bridge
    from battui.bridge.sockets import Places
    from battui.contracts.message_line import parse_line
    from battui.contracts.settings import load_settings
    from battui.kernel.kernel import Kernel

    path = Path(endpoint.removeprefix("ipc://"))
    flags = {"image": str(path.parent / "image"), "engine.name": "none", "heartbeat.enabled": False}
    settings = load_settings({**flags, "kernel.mailbox": 4096}, {"XDG_STATE_HOME": str(path.parent)}, None)

    async def serve() -> None:
        kernel = Kernel(settings)
        async with trio.open_nursery() as nursery:
            await nursery.start(kernel.run)
            for number in range(max(CLIENTS)):
                await kernel.portal.submit(parse_line(f"account{number} = genesis_obj.clone(balance=0)"))
            bridge = Bridge(kernel.portal, Places(path), image="", stop=kernel.stop, announce=print)
            bridge.open()
            await nursery.start(bridge.run)
            ready.set()

    trio.run(serve)


def echo_frames(_client: int) -> Frame:
    from battui.bridge.frames import Ping, pack_request

    return lambda number: pack_request(number, Ping(b"x" * 32))


def durable_frames(client: int) -> Frame:
    from battui.bridge.frames import Submit, pack_request
    from battui.contracts.commands import Once, Path, Write

    slot = Path((f"account{client}", "balance"))
    key = f"{time.monotonic_ns()}.{client}"
    return lambda number: pack_request(number, Submit(Once(f"{key}.{number}", Write(slot, number))))


def ask(endpoint: str, clients: int, seconds: float, frames: Callable[[int], Frame]) -> list[float]:
    """The seconds that each request took, of as many as were answered in that time."""
    context = zmq.Context()
    poller = zmq.Poller()
    sent: dict[zmq.Socket[bytes], list[float]] = {}
    make: dict[zmq.Socket[bytes], Frame] = {}
    for client in range(clients):
        socket = context.socket(zmq.DEALER)
        socket.connect(endpoint)
        poller.register(socket, zmq.POLLIN)
        sent[socket], make[socket] = [], frames(client)
    took: list[float] = []
    number, end = 0, time.perf_counter() + seconds
    for socket in list(sent) * max(1, WINDOW // clients):
        number += 1
        sent[socket].append(time.perf_counter())
        socket.send(make[socket](number))
    while time.perf_counter() < end or not took:
        for socket, _ in poller.poll(100):
            while socket.getsockopt(zmq.EVENTS) & zmq.POLLIN:
                socket.recv()
                now = time.perf_counter()
                # Replies of one client may overtake each other; over all, first in first out is the same.
                took.append(now - sent[socket].pop(0))
                number += 1
                sent[socket].append(now)
                socket.send(make[socket](number))
    context.destroy(linger=0)
    return took


@contextmanager
def served(name: str, serve: Serve) -> Iterator[tuple[str, int]]:
    """The endpoint of a server in a process of its own, and the process's number."""
    with tempfile.TemporaryDirectory(prefix="battui-") as folder:
        (Path(folder) / "b").mkdir(mode=0o700)
        endpoint = f"ipc://{folder}/b/socket"
        context = multiprocessing.get_context("spawn")
        ready = context.Event()
        server = context.Process(target=serve, args=(endpoint, ready))
        server.start()
        try:
            if not ready.wait(60):
                raise RuntimeError(f"{name}: the server did not start")
            assert server.pid is not None
            yield endpoint, server.pid
        finally:
            server.kill()
            server.join()


def worked(process: int) -> float:
    """Seconds of processor time that the main thread of a process has had: where its sockets are used."""
    return int(Path(f"/proc/{process}/task/{process}/schedstat").read_text().split()[0]) / 1e9


def asking(seconds: float) -> None:
    """Rates and latencies of all servers. They take turns: a machine that is busy is busy for all of them."""
    found: dict[tuple[str, int], list[list[float]]] = {}
    work: dict[tuple[str, int], list[float]] = {}
    with ExitStack() as stack:
        places = {name: stack.enter_context(served(name, serve)) for name, (serve, _) in SERVERS.items()}
        for _ in range(ROUNDS):
            for clients in CLIENTS:
                for name, (_, frames) in SERVERS.items():
                    endpoint, process = places[name]
                    before = worked(process)
                    took = ask(endpoint, clients, seconds / ROUNDS, frames)
                    found.setdefault((name, clients), []).append(took)
                    work.setdefault((name, clients), []).append(
                        len(took) / max(worked(process) - before, 1e-9)
                    )
    rates = {key: [len(took) * ROUNDS / seconds for took in rounds] for key, rounds in found.items()}
    for (name, clients), rounds in found.items():
        took = sorted(second for each in rounds for second in each)
        middle, late = took[len(took) // 2] * 1e3, took[len(took) * 99 // 100] * 1e3
        rate = f"{name:<20} {clients:3d} clients {median(rates[name, clients]):9.0f} /s"
        mine = f"{1e6 / median(work[name, clients]):5.1f} us of the server's thread"
        print(f"{rate}   median {middle:7.2f} ms   99 % {late:7.2f} ms   {mine}", flush=True)
    for clients in CLIENTS:
        for name in ("echo, edge socket", "echo, bridge"):
            for title, told in (("wall", rates), ("processor time", work)):
                to_blocking = spread(told[name, clients], told["echo, raw blocking", clients])
                to_asyncio = spread(told[name, clients], told["echo, zmq.asyncio", clients])
                ratios = f"{to_blocking} of raw blocking, {to_asyncio} of zmq.asyncio"
                print(f"{clients:3d} clients, {name}, {title}: {ratios}")


SERVERS: dict[str, tuple[Serve, Callable[[int], Frame]]] = {
    "echo, raw blocking": (serve_blocking, echo_frames),
    "echo, zmq.asyncio": (serve_asyncio, echo_frames),
    "echo, edge socket": (serve_edge, echo_frames),
    "echo, bridge": (serve_bridge, echo_frames),
    "durable, bridge": (serve_kernel, durable_frames),
}


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    asking(seconds)
    receiving()
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
