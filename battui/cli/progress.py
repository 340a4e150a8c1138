"""How far a long step is, on stderr: one line rewritten on a terminal, a line each quarter elsewhere."""

from __future__ import annotations

import sys

_MIB = 1 << 20
_WORDS = {"download": "downloading", "check": "checking", "unpack": "unpacking", "store": "storing"}


class StepProgress:
    """Told of steps with bytes done and bytes in all; says each part of the way once."""

    def __init__(self) -> None:
        self._last: tuple[str, int] = ("", -1)
        self._open = False
        self._parts = 100 if sys.stderr.isatty() else 4

    def __call__(self, step: str, done: int, total: int) -> None:
        part = done * self._parts // total if total > 0 else self._parts
        if (step, part) == self._last:
            return
        if step != self._last[0]:
            self.close()
        self._last = (step, part)
        self._say(f"{_WORDS.get(step, step)} {done / _MIB:.1f} of {total / _MIB:.1f} MiB")

    def close(self) -> None:
        """End the line that is being rewritten."""
        if self._open:
            print(file=sys.stderr)
            self._open = False

    def _say(self, text: str) -> None:
        if self._parts == 100:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._open = True
        else:
            print(text, file=sys.stderr, flush=True)
