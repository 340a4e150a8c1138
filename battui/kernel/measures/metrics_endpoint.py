"""The figures for Prometheus: GET /metrics over HTTP, on loopback and nowhere else."""

from __future__ import annotations

from functools import partial

import trio

from battui.contracts.commands import ShowStats
from battui.contracts.errors import BattuiError
from battui.contracts.portal import Portal
from battui.contracts.replies import KernelStats
from battui.kernel.events.bus import Bus
from battui.kernel.measures.exposition import CONTENT_TYPE, exposition

LOOPBACK = "127.0.0.1"
MAX_REQUEST = 8192
"""Bytes of a request's head."""
PATIENCE_S = 5.0
AT_ONCE = 16


async def serve_metrics(portal: Portal, port: int, bus: Bus) -> None:
    """Answer scrapes until cancelled; where the port cannot be had, that is announced and the kernel goes on."""
    limit = trio.CapacityLimiter(AT_ONCE)
    try:
        listeners = await trio.open_tcp_listeners(port, host=LOOPBACK)
    except OSError as error:
        reason = f"port {port} cannot be had for the metrics: {error.strerror or error}"
        bus.announce("kernel", reason, level="warning")
        return
    bus.announce("kernel", f"metrics at http://{LOOPBACK}:{port}/metrics", level="debug")
    await trio.serve_listeners(partial(_serve, portal, limit), listeners)


async def _serve(portal: Portal, limit: trio.CapacityLimiter, stream: trio.SocketStream) -> None:
    """One request, one answer; whoever is too slow or too many goes without."""
    try:
        limit.acquire_nowait()
    except trio.WouldBlock:
        await trio.aclose_forcefully(stream)
        return
    try:
        with trio.move_on_after(PATIENCE_S):
            await stream.send_all(await _answer(portal, await _request_line(stream)))
            await stream.aclose()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass  # the scraper went away
    finally:
        limit.release()
        await trio.aclose_forcefully(stream)


async def _request_line(stream: trio.SocketStream) -> bytes:
    """The first line of the request, after all of its head; empty where that is too long or does not end."""
    head = b""
    while b"\r\n\r\n" not in head:
        data = await stream.receive_some(MAX_REQUEST)
        head += data
        if not data or len(head) > MAX_REQUEST:
            return b""
    return head.split(b"\r\n", 1)[0]


async def _answer(portal: Portal, line: bytes) -> bytes:
    method, _, rest = line.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    if method not in (b"GET", b"HEAD"):
        return _response("405 Method Not Allowed" if line else "400 Bad Request", "")
    if path != b"/metrics":
        return _response("404 Not Found", "The figures are at /metrics.\n")
    try:
        stats = await portal.submit(ShowStats())
    except BattuiError as error:
        return _response("503 Service Unavailable", f"{error}\n")
    assert isinstance(stats, KernelStats)
    return _response("200 OK", exposition(stats), CONTENT_TYPE, head_only=method == b"HEAD")


def _response(
    status: str, text: str, kind: str = "text/plain; charset=utf-8", *, head_only: bool = False
) -> bytes:
    body = text.encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (b"" if head_only else body)
