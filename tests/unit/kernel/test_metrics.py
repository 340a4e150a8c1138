"""What a kernel counts of itself, and how Prometheus reads it."""

from __future__ import annotations

import socket
from typing import cast

import pytest
import trio

from battui.contracts.commands import Command, Once, Path, Read, ShowStats
from battui.contracts.errors import Busy, UnknownSlot
from battui.contracts.generation import Generated, GenerationResult
from battui.contracts.portal import Portal
from battui.contracts.replies import KernelStats, Reply
from battui.kernel.events.bus import Bus
from battui.kernel.measures.exposition import exposition
from battui.kernel.measures.metrics import Metrics, Usage
from battui.kernel.measures.metrics_endpoint import LOOPBACK, serve_metrics

READ = Read(Path(("account", "balance")))


async def test_a_message_is_counted_with_the_time_that_its_sender_waited(
    autojump_clock: trio.abc.Clock,
) -> None:
    metrics = Metrics()
    for seconds in (0.015, 0.015, 3.0):
        with metrics.counting(Once("key", READ)):
            await trio.sleep(seconds)

    within = dict(metrics.messages.within)
    assert (within[0.01], within[0.02], within[2.0], within[5.0]) == (0, 2, 2, 3)
    assert metrics.messages.seconds == pytest.approx(3.03)


async def test_looks_failures_and_refusals_are_counted_apart() -> None:
    metrics = Metrics()
    with metrics.counting(ShowStats()):
        assert metrics.in_flight == 1
    for error in (UnknownSlot("none"), Busy("full")):
        with pytest.raises(type(error)), metrics.counting(READ):
            raise error

    assert (metrics.commands, metrics.failed, metrics.busy, metrics.in_flight) == (2, 1, 1, 0)
    assert metrics.messages.count == 1


async def test_the_engine_works_while_at_least_one_request_is_with_it(autojump_clock: trio.abc.Clock) -> None:
    usage = Usage()

    async def request(seconds: float) -> None:
        with usage.working():
            await trio.sleep(seconds)
        usage.add(GenerationResult("r", (Generated(0, "a b", 2, "stop"), Generated(1, "c", 1, "stop"))))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(request, 2.0)
        nursery.start_soon(request, 5.0)
    await trio.sleep(100)

    assert (usage.generations, usage.tokens) == (2, 6)
    assert usage.seconds == pytest.approx(5.0)


STATS = KernelStats(
    started_at=1000.5,
    messages=3,
    seconds=1.25,
    within=((0.5, 2), (1.0, 3)),
    missions={"COMPLETE": 2, 'odd"\n': 1},
    tokens=7,
    kills=1,
)


def test_the_exposition_is_what_prometheus_reads() -> None:
    lines = exposition(STATS).split("\n")

    for line in (
        "# TYPE battui_message_seconds histogram",
        'battui_message_seconds_bucket{le="0.5"} 2',
        'battui_message_seconds_bucket{le="+Inf"} 3',
        "battui_message_seconds_count 3",
        'battui_missions{state="COMPLETE"} 2',
        'battui_missions{state="odd\\"\\n"} 1',
        "battui_tokens_total 7",
        "battui_cell_kills_total 1",
    ):
        assert line in lines
    assert lines[-1] == ""
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names))


class _Figures:
    """As much of a portal as is asked for figures: it knows them, or is busy."""

    def __init__(self, *, busy: bool) -> None:
        self.busy = busy

    async def submit(self, command: Command) -> Reply:
        if self.busy:
            raise Busy("too many commands are waiting")
        assert command == ShowStats()
        return STATS


def _figures(*, busy: bool = False) -> Portal:
    return cast("Portal", _Figures(busy=busy))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


async def _asked(port: int, request: bytes) -> bytes:
    answer = b""
    async with await trio.open_tcp_stream(LOOPBACK, port) as stream:
        await stream.send_all(request)
        async for data in stream:
            answer += data
    return answer


@pytest.mark.parametrize(
    ("request_line", "busy", "status", "content"),
    [
        (b"GET /metrics HTTP/1.1", False, b"200 OK", b"battui_tokens_total 7\n"),
        (b"HEAD /metrics HTTP/1.1", False, b"200 OK", b""),
        (b"GET /metrics HTTP/1.1", True, b"503 Service Unavailable", b"too many"),
        (b"GET / HTTP/1.1", False, b"404 Not Found", b"/metrics"),
        (b"POST /metrics HTTP/1.1", False, b"405 Method Not Allowed", b""),
        (b"x" * 10_000, False, b"400 Bad Request", b""),
    ],
)
async def test_the_endpoint_answers_each_request_once(
    request_line: bytes, busy: bool, status: bytes, content: bytes
) -> None:
    bus, port = Bus(100), _free_port()
    async with trio.open_nursery() as nursery, bus.follow() as events:
        nursery.start_soon(serve_metrics, _figures(busy=busy), port, bus)
        await anext(events)
        head, _, body = (await _asked(port, request_line + b"\r\nHost: here\r\n\r\n")).partition(b"\r\n\r\n")
        nursery.cancel_scope.cancel()

    assert head.split(b"\r\n")[0] == b"HTTP/1.1 " + status
    assert content in body if content else body == b""


async def test_a_port_that_is_taken_is_told_and_nothing_else() -> None:
    bus = Bus(100)
    async with bus.follow() as events:
        with trio.socket.socket() as taken:
            await taken.bind((LOOPBACK, 0))
            taken.listen()
            port = taken.getsockname()[1]
            await serve_metrics(_figures(), port, bus)
        assert (event := await anext(events)).level == "warning"
        assert str(port) in event.text
