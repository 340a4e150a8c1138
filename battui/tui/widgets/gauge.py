"""A row of small bars with what they measure."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Sparkline, Static


class Gauge(Vertical):
    """What is measured, now and at most, over the last seconds as bars."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._words = Static()
        self._bars = Sparkline(summary_function=max)

    def compose(self) -> ComposeResult:
        yield self._words
        yield self._bars

    def show(self, series: Sequence[float]) -> None:
        """Show the series, its last value being the present one."""
        now, most = series[-1], max(series)
        facts = f"  {now:.0f} now, {most:.0f} at most in {len(series) // 60} min"
        self._words.update(Content.assemble((self._title, "bold"), (facts, "$muted")), layout=False)
        self._bars.data = list(series)
