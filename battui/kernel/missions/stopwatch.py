"""How long is thought about one mission: the clock runs while work is done for it, not while it waits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import trio


class Stopwatch:
    """Seconds since the last reading, on Trio's clock; work is cancelled once `left` seconds have passed."""

    def __init__(self) -> None:
        self.left = math.inf
        self.ran_out = False
        self._seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the clock run; leave the block early, with `ran_out`, where it runs out."""
        began = trio.current_time()
        try:
            with trio.move_on_after(self.left - self._seconds) as scope:
                yield
        finally:
            self._seconds += trio.current_time() - began
            self.ran_out = scope.cancelled_caught

    def taken(self) -> float:
        """The seconds since this was last asked."""
        seconds, self._seconds, self.ran_out = self._seconds, 0.0, False
        return seconds
