"""Tokens on their way out of the host, gathered into few frames."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

INTERVAL_S = 0.05


class TokenFlow:
    """Gathers the pieces of one job; neighbouring pieces of a candidate are joined.

    A piece goes out at once where the last frame lies long enough back, so a slow model streams token by token
    and a fast one costs twenty frames a second. What is held goes out with the next piece or with `flush`.
    """

    def __init__(self, send: Callable[[list[list[object]]], None], interval_s: float = INTERVAL_S) -> None:
        self._send = send
        self._interval = interval_s
        self._lock = threading.Lock()
        self._pieces: dict[int, list[str]] = {}
        self._sent_at = float("-inf")

    def add(self, index: int, piece: str) -> None:
        """Take one piece of a candidate; called from any thread."""
        with self._lock:
            self._pieces.setdefault(index, []).append(piece)
            if time.monotonic() - self._sent_at >= self._interval:
                self._flush()

    def flush(self) -> None:
        """Send what is held."""
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        if self._pieces:
            self._send([[index, "".join(pieces)] for index, pieces in sorted(self._pieces.items())])
            self._pieces.clear()
            self._sent_at = time.monotonic()
