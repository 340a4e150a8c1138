"""The log's lines. Only what is visible is drawn, so that five thousand lines cost as little as fifty."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from battui.contracts.events import KernelEvent
from battui.tui.log_filter import LogFilter
from battui.tui.values import clock, harmless, one_line

MOST_LINES = 5_000


class EventLines(ScrollView):
    """A ring of events with a filter. New lines scroll in at the bottom while one is there."""

    COMPONENT_CLASSES = {"time", "kind", "debug", "info", "warning", "error", "found"}  # noqa: RUF012  # Textual's interface

    def __init__(self) -> None:
        super().__init__()
        self._filter = LogFilter()
        self._found: KernelEvent | None = None
        self._events: deque[KernelEvent] = deque(maxlen=MOST_LINES)
        self._shown: deque[KernelEvent] = deque(maxlen=MOST_LINES)

    def add(self, events: Iterable[KernelEvent]) -> None:
        """Append events; those the filter lets through appear."""
        events = list(events)
        self._events.extend(events)
        self._shown.extend(filter(self._wanted, events))
        self._settle(self.is_vertical_scroll_end)

    def filter(self, shown: LogFilter) -> None:
        """Apply a filter to everything remembered, and to what comes."""
        self._filter = shown
        self._shown = deque(filter(self._wanted, self._events), maxlen=MOST_LINES)
        self._settle(True)

    def _wanted(self, event: KernelEvent) -> bool:
        return self._filter.lets(event, line_text(event))

    def find(self, needle: str, step: int) -> bool:
        """Go to the next line with `needle` down (1) or up (-1) from the one found last, if there is one."""
        lines = list(self._shown)
        start = len(lines) if step < 0 else -1
        if self._found is not None and self._found in lines:
            start = lines.index(self._found)
        folded = needle.casefold()
        for place in range(start + step, len(lines) if step > 0 else -1, step):
            if folded in line_text(lines[place]).casefold():
                self._found = lines[place]
                self.scroll_to(y=place - self.size.height // 2, animate=False, immediate=True)
                self.refresh()
                return True
        return False

    def forget_found(self) -> None:
        """Mark no line any more, and go back to the newest."""
        self._found = None
        self._settle(True)

    def text(self) -> str:
        """Return the lines that the filter lets through."""
        return "\n".join(line_text(event) for event in self._shown)

    @property
    def counts(self) -> tuple[int, int]:
        """How many lines are shown and how many remembered."""
        return len(self._shown), len(self._events)

    def _settle(self, at_end: bool) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._shown))
        if at_end:
            self.scroll_end(animate=False, immediate=False, x_axis=False)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        index = self.scroll_offset.y + y
        width = self.size.width
        if index >= len(self._shown):
            return Strip.blank(width, self.rich_style)
        return self._strip(self._shown[index]).adjust_cell_length(width, self.rich_style)

    def _strip(self, event: KernelEvent) -> Strip:
        found = event is self._found
        segments = [
            Segment(f" {clock(event.at)}  ", self._style("time")),
            Segment(f"{event.kind:<10}", self._style("kind")),
            Segment(_subject(event) + _words(event), self._style("found" if found else event.level)),
        ]
        return Strip(segments, sum(cell_len(segment.text) for segment in segments))

    def _style(self, part: str) -> Style:
        return self.get_component_rich_style(part)


def line_text(event: KernelEvent) -> str:
    """Return an event as one line of plain text."""
    return f"{clock(event.at)}  {event.level:<7}  {event.kind:<10}{_subject(event)}{_words(event)}"


def _words(event: KernelEvent) -> str:
    return harmless(one_line(event.text))


def _subject(event: KernelEvent) -> str:
    return "".join(f"{part}  " for part in (event.mission, event.about) if part)
