"""The log with a million lines: little memory, found again, and a key as fast as in an empty one."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator

import pytest

from battui.contracts.events import KernelEvent, Level
from battui.tui.log_filter import LogFilter, parsed
from battui.tui.log_store import BLOCK, LogStore, line_of
from battui.tui.log_view import LogView
from battui.tui.news import News
from battui.tui.panes.log import LogPane
from tests.unit.tui.screen import Terminal, open_terminal, played
from tests.unit.tui.small_world import START

MILLION = 1_000_000
KEYS = 30
MOST_MEMORY = 96 << 10
"""KiB that a million lines may add to the largest size that the process had before."""
MOST_SLOWER = 3.0
"""How many times slower a key may be; about the same is usual."""


def events(first: int, last: int) -> Iterator[KernelEvent]:
    for number in range(first, last):
        level: Level = "warning" if number % 50 == 0 else "info"
        yield KernelEvent(
            number, START + number, "object", f"thing_{number}.move_()", level, f"m{number % 5000}", "thing"
        )


def shown(view: LogView, store: LogStore) -> list[str]:
    return [store.line(view.number(place)).text for place in range(len(view))]


@pytest.mark.parametrize(
    ("wanted", "count"), [("", 3_000), ("mission:m7", 1), ("move_ 2999", 1), ("nothing", 0)]
)
def test_a_filter_finds_the_same_bit_by_bit_as_at_once(wanted: str, count: int) -> None:
    store = LogStore()
    view = LogView(store)
    store.add(events(0, 2_500))
    view.begin(parsed(wanted, 0))
    store.add(events(2_500, 3_000))
    assert view.extend() == 0
    while not view.done:
        view.scan(0.0001)
    assert len(view) == count
    at_once = [line for line in map(store.line, range(3_000)) if parsed(wanted, 0).lets(line, str(line))]
    assert shown(view, store) == [line.text for line in at_once]
    for place in range(0, len(view), 97):
        assert view.place(view.number(place)) == place


def test_the_oldest_lines_go_and_numbers_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("battui.tui.log_store.MOST_BLOCKS", 2)
    store = LogStore()
    view = LogView(store)
    view.begin(LogFilter(0))
    for first in range(0, 4 * BLOCK, 100):
        store.add(events(first, first + 100))
        view.extend()
    assert store.begin == store.first_block * BLOCK > 0
    assert len(view) == len(store) == store.end - store.begin
    assert store.line(view.number(0)).text == f"thing_{store.begin}.move_()"


async def key_seconds(terminal: Terminal) -> float:
    """Seconds of the median key."""
    taken = []
    for number in range(KEYS):
        began = time.perf_counter()
        await terminal.press("k" if number % 2 else "pageup")
        taken.append(time.perf_counter() - began)
    return sorted(taken)[KEYS // 2]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_key_among_a_million_lines_is_as_fast_as_among_few() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.press("3")
            log = terminal.app._panes["log"]
            assert isinstance(log, LogPane)
            log.post_message(News(tuple(events(0, 100))))
            await terminal.shows("100 of 100 lines")
            few = await key_seconds(terminal)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            for first in range(100, MILLION, 9_999):
                log.post_message(News(tuple(events(first, min(first + 9_999, MILLION)))))
                await terminal.press("ctrl")
            await terminal.shows("1,000,000 of 1,000,000 lines")
            added = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            many = await key_seconds(terminal)
            assert many < MOST_SLOWER * few
            assert added < MOST_MEMORY
            lines = log._lines
            lines.filter(parsed("mission:m4999", 0))
            while lines.is_looking:
                await terminal.press("ctrl")
            assert lines.counts == (200, MILLION)
            await lines.find("thing_4999.", -1).wait()
            await terminal.shows("thing_4999.move_()")

    played(scene)


def test_a_line_names_the_state_that_a_mission_has_entered() -> None:
    entered = KernelEvent(1, START, "mission", "account.f_()", mission="m1", data={"state": "SYNTHESIZING"})
    ended = KernelEvent(2, START, "mission", "ended FAILED: account.f_()", data={"state": "ended"})
    assert [line_of(event).text for event in (entered, ended)] == [
        "SYNTHESIZING: account.f_()",
        "ended FAILED: account.f_()",
    ]
