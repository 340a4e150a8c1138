"""The log's lines. Only what is visible is drawn, so that five thousand lines cost as little as fifty."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from battui.contracts.events import KernelEvent
from battui.tui.values import clock, one_line

MOST_LINES = 5_000


class EventLines(ScrollView):
    """A ring of events with a filter. New lines scroll in at the bottom while one is there."""

    COMPONENT_CLASSES = {"time", "kind", "debug", "info", "warning", "error"}  # noqa: RUF012  # Textual's interface

    def __init__(self, wanted: Callable[[KernelEvent], bool]) -> None:
        super().__init__()
        self._wanted = wanted
        self._events: deque[KernelEvent] = deque(maxlen=MOST_LINES)
        self._shown: deque[KernelEvent] = deque(maxlen=MOST_LINES)

    def add(self, events: Iterable[KernelEvent]) -> None:
        """Append events; those the filter lets through appear."""
        events = list(events)
        self._events.extend(events)
        self._shown.extend(filter(self._wanted, events))
        self._settle(self.is_vertical_scroll_end)

    def filter_again(self) -> None:
        """Apply a changed filter to everything remembered."""
        self._shown = deque(filter(self._wanted, self._events), maxlen=MOST_LINES)
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
        segments = [
            Segment(f" {clock(event.at)}  ", self._style("time")),
            Segment(f"{event.kind:<10}", self._style("kind")),
            Segment(_subject(event) + one_line(event.text), self._style(event.level)),
        ]
        return Strip(segments, sum(cell_len(segment.text) for segment in segments))

    def _style(self, part: str) -> Style:
        return self.get_component_rich_style(part)


def line_text(event: KernelEvent) -> str:
    """Return an event as one line of plain text."""
    return f"{clock(event.at)}  {event.level:<7}  {event.kind:<10}{_subject(event)}{one_line(event.text)}"


def _subject(event: KernelEvent) -> str:
    return "".join(f"{part}  " for part in (event.mission, event.about) if part)
