"""The bridge beside raw sockets: echoes, and durable sends, with 1, 8 and 64 clients. All figures of one run.

Run: python -m benchmarks.bridge [SECONDS]. Servers run in a process of their own, and so do the clients, which are
the same for every server: one DEALER a client, each with up to WINDOW requests on their way.

echo, raw blocking    a ROUTER in one thread, recv_multipart and send_multipart
echo, zmq.asyncio     the same with await
echo, edge socket     the same on Trio with the bridge's socket, many a waking
echo, bridge          a whole bridge: envelope checked, session found, reply packed
durable, bridge       keyed writes into a real image, each acknowledged when it is on disk
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import cast

import trio
import zmq
import zmq.asyncio

CLIENTS = (1, 8, 64)
WINDOW = 16
ROUNDS = 5
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
                for parts in await socket.receive_many():
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
    took, number, end = [], 0, time.perf_counter() + seconds
    for socket in list(sent) * max(1, WINDOW // clients):
        number += 1
        sent[socket].append(time.perf_counter())
        socket.send(make[socket](number))
    while time.perf_counter() < end:
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
def served(name: str, serve: Serve) -> Iterator[str]:
    """The endpoint of a server in a process of its own."""
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
            yield endpoint
        finally:
            server.kill()
            server.join()


def asking(seconds: float) -> None:
    """Rates and latencies of all servers. They take turns: a machine that is busy is busy for all of them."""
    found: dict[tuple[str, int], list[list[float]]] = {}
    with ExitStack() as stack:
        places = {name: stack.enter_context(served(name, serve)) for name, (serve, _) in SERVERS.items()}
        for _ in range(ROUNDS):
            for clients in CLIENTS:
                for name, (_, frames) in SERVERS.items():
                    took = ask(places[name], clients, seconds / ROUNDS, frames)
                    found.setdefault((name, clients), []).append(took)
    rates = {key: sorted(map(len, rounds))[ROUNDS // 2] * ROUNDS / seconds for key, rounds in found.items()}
    for (name, clients), rounds in found.items():
        took = sorted(second for each in rounds for second in each)
        middle, late = took[len(took) // 2] * 1e3, took[len(took) * 99 // 100] * 1e3
        rate = f"{name:<20} {clients:3d} clients {rates[name, clients]:9.0f} /s"
        print(f"{rate}   median {middle:7.2f} ms   99 % {late:7.2f} ms", flush=True)
    for clients in CLIENTS:
        blocking, others = rates["echo, raw blocking", clients], rates["echo, zmq.asyncio", clients]
        edge, bridge = rates["echo, edge socket", clients], rates["echo, bridge", clients]
        print(
            f"{clients:3d} clients: edge socket {edge / blocking:.2f} of raw blocking, {edge / others:.2f} of "
            f"zmq.asyncio; bridge {bridge / blocking:.2f} and {bridge / others:.2f}"
        )


SERVERS: dict[str, tuple[Serve, Callable[[int], Frame]]] = {
    "echo, raw blocking": (serve_blocking, echo_frames),
    "echo, zmq.asyncio": (serve_asyncio, echo_frames),
    "echo, edge socket": (serve_edge, echo_frames),
    "echo, bridge": (serve_bridge, echo_frames),
    "durable, bridge": (serve_kernel, durable_frames),
}


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    asking(seconds)
    receiving(seconds)


def receiving(seconds: float) -> None:
    """What one task or thread takes in a second of what is sent without end: the rate of receiving alone.

    The three take turns, too.
    """
    rates: dict[str, list[float]] = {"raw blocking": [], "zmq.asyncio": [], "edge socket": []}
    for _ in range(ROUNDS):
        for (_, found), receive in zip(
            rates.items(), (_receive_blocking, _receive_asyncio, _receive_edge), strict=True
        ):
            found.append(_received(receive, seconds / ROUNDS))
    middle = {name: sorted(found)[ROUNDS // 2] for name, found in rates.items()}
    for name, rate in middle.items():
        print(f"receive, {name:<12} {rate:9.0f} /s", flush=True)
    edge = middle["edge socket"]
    blocking, others = edge / middle["raw blocking"], edge / middle["zmq.asyncio"]
    print(f"receive: edge socket {blocking:.2f} of raw blocking, {others:.2f} of zmq.asyncio")


def _received(receive: Callable[[str, float], float], seconds: float) -> float:
    with tempfile.TemporaryDirectory(prefix="battui-") as folder:
        endpoint = f"ipc://{folder}/socket"
        sender = multiprocessing.get_context("spawn").Process(target=_send_without_end, args=(endpoint,))
        sender.start()
        try:
            return receive(endpoint, seconds)
        finally:
            sender.kill()
            sender.join()


def _send_without_end(endpoint: str) -> None:
    dealer = zmq.Context().socket(zmq.DEALER)
    dealer.connect(endpoint)
    while True:
        dealer.send(b"x" * 64)


def _receive_blocking(endpoint: str, seconds: float) -> float:
    router = zmq.Context().socket(zmq.ROUTER)
    router.bind(endpoint)
    router.recv_multipart()
    taken, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        router.recv_multipart()
        taken += 1
    return taken / seconds


def _receive_asyncio(endpoint: str, seconds: float) -> float:
    async def receive() -> float:
        router = zmq.asyncio.Context().socket(zmq.ROUTER)
        router.bind(endpoint)
        await router.recv_multipart()
        taken, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            await router.recv_multipart()
            taken += 1
        return taken / seconds

    return asyncio.run(receive())


def _receive_edge(endpoint: str, seconds: float) -> float:
    from battui.bridge.edge_socket import EdgeSocket

    async def receive() -> float:
        router = zmq.Context().socket(zmq.ROUTER)
        router.bind(endpoint)
        socket = EdgeSocket(router)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(socket.pump)
            await socket.receive_many(1)
            taken, end = 0, time.perf_counter() + seconds
            while time.perf_counter() < end:
                taken += len(await socket.receive_many())
            nursery.cancel_scope.cancel()
        return taken / seconds

    return trio.run(receive)


if __name__ == "__main__":
    main()
