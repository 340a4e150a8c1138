"""The event stream as a log."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from battui.contracts.events import KernelEvent, Level
from battui.tui.keys import bindings
from battui.tui.news import News
from battui.tui.panes.pane import Pane
from battui.tui.widgets.event_lines import EventLines, line_text
from battui.tui.widgets.focus import focus_now

_LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")


class LogPane(Pane):
    """Lines of the kernel's events, filtered by level and text; tokens have their place in missions, not here."""

    BINDINGS = bindings("log")

    def __init__(self) -> None:
        super().__init__(id="log-pane")
        self._lines = EventLines(self._wanted)
        self._filter = Input(placeholder="only lines with this text", id="log-filter", compact=True)
        self._about = Static(id="log-about")
        self._least = 1
        self._needle = ""
        self._paused = False
        self._held: list[KernelEvent] = []

    def compose(self) -> ComposeResult:
        yield self._about
        yield self._filter
        yield self._lines

    def on_mount(self) -> None:
        self._filter.display = False
        self._filter.cursor_blink = False
        self._show_state()

    def take_focus(self) -> None:
        focus_now(self._lines)

    def current_text(self) -> str:
        return self._lines.text()

    def go_back(self) -> None:
        self._filter.value = ""
        self._filter.display = False
        focus_now(self._lines)

    def on_news(self, news: News) -> None:
        events = [event for event in news.events if event.kind != "token"]
        if self._paused:
            self._held = [*self._held, *events][-5_000:]
        else:
            self._lines.add(events)
        self._show_state()

    def action_filter(self) -> None:
        self._filter.display = True
        focus_now(self._filter)

    def action_level(self) -> None:
        self._least = (self._least + 1) % len(_LEVELS)
        self._lines.filter_again()
        self._show_state()

    def action_pause(self) -> None:
        self._paused = not self._paused
        if not self._paused:
            self._lines.add(self._held)
            self._held = []
        self._show_state()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._needle = event.value.casefold()
        self._lines.filter_again()
        self._show_state()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._filter.display = bool(event.value)
        focus_now(self._lines)

    def _wanted(self, event: KernelEvent) -> bool:
        return _LEVELS.index(event.level) >= self._least and self._needle in line_text(event).casefold()

    def _show_state(self) -> None:
        shown, remembered = self._lines.counts
        facts = [f"{shown} of {remembered} lines", f"level {_LEVELS[self._least]} and up"]
        state = Content.styled(" · ".join(facts), "$muted")
        if self._paused:
            state = Content.assemble(state, (f"  paused, {len(self._held)} waiting", "$text-warning"))
        self._about.update(state)
