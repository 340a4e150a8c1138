"""What is measured second by second while the terminal is open: tokens, and messages that wait."""

from __future__ import annotations

from collections.abc import Iterable

from battui.contracts.events import KernelEvent

SECONDS = 120
"""How far back it is remembered."""


class Gauges:
    """Counts by second of this machine's clock; a second of which nothing was heard has none waiting."""

    def __init__(self) -> None:
        self._tokens: dict[int, float] = {}
        self._waiting: dict[int, float] = {}

    def take(self, events: Iterable[KernelEvent], now: float) -> None:
        """Count the pieces of text that have come; each is about a token."""
        pieces = sum(event.kind == "token" for event in events)
        if pieces:
            _add(self._tokens, int(now), pieces)

    def note_waiting(self, messages: int, now: float) -> None:
        """So many messages wait at the moment; of a second the most count."""
        second = int(now)
        _add(self._waiting, second, max(0.0, messages - self._waiting.get(second, 0.0)))

    def tokens(self, now: float) -> list[float]:
        """Tokens of each whole second up to now, the oldest first."""
        return _series(self._tokens, int(now))

    def waiting(self, now: float) -> list[float]:
        """Messages that waited in each second up to now, the oldest first."""
        return _series(self._waiting, int(now) + 1)


def _add(counts: dict[int, float], second: int, number: float) -> None:
    counts[second] = counts.get(second, 0.0) + number
    for old in [each for each in counts if each < second - SECONDS]:
        del counts[old]


def _series(counts: dict[int, float], end: int) -> list[float]:
    return [counts.get(second, 0.0) for second in range(end - SECONDS, end)]
