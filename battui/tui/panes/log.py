"""The event stream as a log."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from battui.tui.keys import bindings
from battui.tui.log_filter import LEVELS, LogFilter, parsed
from battui.tui.news import News
from battui.tui.panes.pane import Pane
from battui.tui.widgets.event_lines import EventLines
from battui.tui.widgets.find_line import FindLine
from battui.tui.widgets.focus import focus_now


class LogPane(Pane):
    """Lines of the kernel's events, filtered and searched; tokens have their place in missions, not here."""

    BINDINGS = bindings("log")

    def __init__(self) -> None:
        super().__init__(id="log-pane")
        self._lines = EventLines()
        self._filter = FindLine("only lines with these words; also mission:m3, object:account, kind:cell")
        self._find = FindLine("go to lines with this text")
        self._about = Static(id="log-about")
        self._shown = LogFilter()
        self._needle = ""
        self._paused = False

    def compose(self) -> ComposeResult:
        yield self._about
        yield self._filter
        yield self._find
        yield self._lines

    def on_mount(self) -> None:
        self._show_state()

    def take_focus(self) -> None:
        focus_now(self._lines)

    def current_text(self) -> str:
        return self._lines.text()

    def go_back(self) -> None:
        self._filter.close()
        self._find.close()
        self._needle = ""
        self._lines.forget_found()
        focus_now(self._lines)

    def on_news(self, news: News) -> None:
        events = [event for event in news.events if event.kind != "token"]
        if events:
            self._lines.add(events)
            self._show_state()

    def action_filter(self) -> None:
        self._filter.open()

    def action_level(self) -> None:
        self._show(LogFilter((self._shown.least + 1) % len(LEVELS), self._shown.fields, self._shown.words))

    def action_pause(self) -> None:
        self._paused = not self._paused
        if self._paused:
            self._lines.hold()
        else:
            self._lines.release()
        self._show_state()

    def action_find(self) -> None:
        self._find.open()

    def action_find_next(self, step: int) -> None:
        if not self._needle:
            self.action_find()
        else:
            self._lines.find(self._needle, step)

    def on_event_lines_missed(self) -> None:
        self.notify(f"No other line has {self._needle!r}.", severity="warning", markup=False)

    def on_event_lines_looked(self) -> None:
        self._show_state()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input is self._filter:
            self._show(parsed(event.value, self._shown.least))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input is self._find:
            self._needle = event.value.strip()
            self._find.close()
            focus_now(self._lines)
            self._show_state()
            if self._needle:
                self.action_find_next(-1)
        else:
            self._filter.display = bool(event.value)
            focus_now(self._lines)

    def _show(self, shown: LogFilter) -> None:
        self._shown = shown
        self._lines.filter(shown)
        self._show_state()

    def _show_state(self) -> None:
        shown, remembered = self._lines.counts
        facts = [f"{shown:,} of {remembered:,} lines", f"level {LEVELS[self._shown.least]} and up"]
        if self._lines.is_looking:
            facts.append("looking further back …")
        if self._needle:
            facts.append(f"search {self._needle!r}")
        state = Content.styled(" · ".join(facts), "$muted")
        if self._paused:
            state = Content.assemble(
                state, (f"  paused, {self._lines.waiting:,} waiting", "bold $text-warning")
            )
        self._about.update(state, layout=False)
