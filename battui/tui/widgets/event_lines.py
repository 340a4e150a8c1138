"""The log's lines. Only what is visible is drawn, so that a million lines cost as little as fifty."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from time import monotonic

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from battui.contracts.events import KernelEvent
from battui.tui.log_filter import LogFilter
from battui.tui.log_store import BLOCK, LogLine, LogStore
from battui.tui.log_view import LogView

SLICE = 0.008
"""Seconds of looking through old lines between two looks at the keyboard."""


class EventLines(ScrollView):
    """The lines that a filter lets through. New lines scroll in at the bottom while one is there."""

    COMPONENT_CLASSES = {"time", "kind", "debug", "info", "warning", "error", "found"}  # noqa: RUF012  # Textual's interface

    class Looked(Message):
        """More old lines have been looked through."""

    class Missed(Message):
        """No line has the words that were searched for."""

    def __init__(self) -> None:
        super().__init__()
        self._store = LogStore()
        self._view = LogView(self._store)
        self._found = -1
        self._held_at = -1
        self._on_screen, self._owed = False, 0

    def on_mount(self) -> None:
        self.filter(LogFilter())

    def add(self, events: Iterable[KernelEvent]) -> None:
        """Append events; those the filter lets through appear, unless the log is held still."""
        at_end = self.is_vertical_scroll_end
        self._store.add(events)
        if self._held_at < 0:
            gone = self._view.extend()
            self._settle(at_end, -gone)

    def hold(self) -> None:
        """Let nothing move; what comes waits."""
        self._held_at = self._store.end

    def release(self) -> None:
        """Show what has come meanwhile."""
        self._held_at = -1
        at_end = self.is_vertical_scroll_end
        self._settle(at_end, -self._view.extend())

    def filter(self, shown: LogFilter) -> None:
        """Apply a filter to everything remembered, the newest first, and to what comes."""
        self._view.begin(shown)
        self._settle(True, 0)
        self._look_back()

    @work(exclusive=True, group="look")
    async def _look_back(self) -> None:
        while not self._view.done:
            at_end = self.is_vertical_scroll_end
            above = self._view.scan(SLICE)
            self._settle(at_end, above)
            self.post_message(self.Looked())
            await asyncio.sleep(0)

    @work(exclusive=True, group="find")
    async def find(self, needle: str, step: int) -> None:
        """Go to the next line with `needle` down (1) or up (-1) from the one found last; Missed where none is."""
        folded = needle.casefold()
        place = self._view.place(self._found) if self._found >= 0 else (len(self._view) if step < 0 else -1)
        until = monotonic() + SLICE
        looked_into = -1
        place += step
        while 0 <= place < len(self._view):
            number = self._view.number(place)
            block = number // BLOCK
            if number >= self._store.begin and self._may_have(block, folded, looked_into):
                looked_into = block
                if folded in str(self._store.line(number)).casefold():
                    self._go_to(number, place)
                    return
                place += step
            else:
                place = (
                    self._view.place((block + 1) * BLOCK) if step > 0 else self._view.place(block * BLOCK) - 1
                )
            if monotonic() > until:
                await asyncio.sleep(0)
                until = monotonic() + SLICE
        self.post_message(self.Missed())

    def _may_have(self, block: int, words: str, looked_into: int) -> bool:
        """Whether a block has a line with the words; words with a space may stand across two of its fields."""
        return block == looked_into or " " in words or words in self._store.text(block)

    def _go_to(self, number: int, place: int) -> None:
        self._found = number
        self.scroll_to(y=place - self.size.height // 2, animate=False, immediate=True)
        self.refresh()

    def forget_found(self) -> None:
        """Mark no line any more, and go back to the newest."""
        self._found = -1
        self._settle(True, 0)

    def text(self) -> str:
        """Return the lines on the screen."""
        top = self.scroll_offset.y
        numbers = map(self._view.number, range(top, min(len(self._view), top + self.size.height)))
        return "\n".join(str(self._store.line(number)) for number in numbers if number >= self._store.begin)

    @property
    def counts(self) -> tuple[int, int]:
        """How many lines are shown and how many remembered."""
        return len(self._view), len(self._store)

    @property
    def waiting(self) -> int:
        """How many lines have come since the log is held still."""
        return self._store.end - self._held_at if self._held_at >= 0 else 0

    @property
    def is_looking(self) -> bool:
        """Whether old lines are still being looked through."""
        return not self._view.done

    def _settle(self, at_end: bool, above: int) -> None:
        """Draw anew; `above` lines have come in, or gone, above what is on the screen."""
        if not self._on_screen:
            # Behind another tab there is nothing to draw, and to lay it out would lay out everything.
            self._owed += above
            return
        top = self.scroll_offset.y + above
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._view))
        if at_end:
            self.scroll_end(animate=False, immediate=False, x_axis=False)
        elif above:
            self.scroll_to(y=max(0, top), animate=False, immediate=True)
        self.refresh()

    def on_show(self) -> None:
        self._on_screen, owed, self._owed = True, self._owed, 0
        self._settle(self.is_vertical_scroll_end, owed)

    def on_hide(self) -> None:
        self._on_screen = False

    def render_line(self, y: int) -> Strip:
        place = self.scroll_offset.y + y
        width = self.size.width
        if place >= len(self._view):
            return Strip.blank(width, self.rich_style)
        number = self._view.number(place)
        if number < self._store.begin:
            return Strip.blank(width, self.rich_style)
        return self._strip(self._store.line(number), number).adjust_cell_length(width, self.rich_style)

    def _strip(self, line: LogLine, number: int) -> Strip:
        style = "found" if number == self._found else line.level
        segments = [
            Segment(f" {line.time}  ", self._style("time")),
            Segment(f"{line.kind:<10}", self._style("kind")),
            Segment(line.subject + line.text, self._style(style)),
        ]
        return Strip(segments, sum(cell_len(segment.text) for segment in segments))

    def _style(self, part: str) -> Style:
        return self.get_component_rich_style(part)
