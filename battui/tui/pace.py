"""Doing something often asked for only now and then."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from textual.timer import Timer
from textual.widget import Widget


class Pace:
    """Calls `act` when asked to, but not again within `pause` seconds; what is asked for meanwhile is done then."""

    def __init__(self, widget: Widget, pause: float, act: Callable[[], object]) -> None:
        self._widget = widget
        self._pause = pause
        self._act = act
        self._acted_at = float("-inf")
        self._timer: Timer | None = None

    def ask(self) -> None:
        """Act now, or as soon as it is time again."""
        if self._timer is not None:
            return
        wait = self._acted_at + self._pause - monotonic()
        if wait <= 0:
            self._do()
        else:
            self._timer = self._widget.set_timer(wait, self._do)

    def _do(self) -> None:
        self._timer = None
        self._acted_at = monotonic()
        self._act()
