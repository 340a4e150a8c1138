"""battui on a pseudo-terminal of its own: what it writes, which modes it leaves set, how it ends."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from fcntl import ioctl
from struct import pack
from typing import Any

PATIENCE_S = 60.0
"""What a loaded machine may take for anything here; what it took is measured."""
ROWS, COLUMNS = 30, 100

_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-B]|[=>78cM])")
WRAPS, CURSOR_SHOWN = 7, 25
MOUSE, ALTERNATE_SCREEN = 1000, 1049
AT_FIRST = frozenset({WRAPS, CURSOR_SHOWN})
"""The modes of a terminal that nobody has touched."""


class Screen:
    """A command with a controlling terminal of its own, and all that it has written there."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._ours, self._theirs = pty.openpty()
        ioctl(self._theirs, termios.TIOCSWINSZ, pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._settings = termios.tcgetattr(self._theirs)
        self.written = b""
        self.process = subprocess.Popen(
            command,
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            env={**environment, "TERM": "xterm-256color"},
            start_new_session=True,
            # So that closing the terminal hangs up whoever sits at it. No other thread holds a lock meanwhile.
            preexec_fn=_take_terminal,  # noqa: PLW1509
        )

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._ours, keys.encode())

    def until(self, wanted: str) -> None:
        """Read on until the words have been written since the last call."""
        began = len(self.written)
        self._read_while(lambda: wanted not in plain(self.written[began:]), wanted)

    def leave(self) -> tuple[int, float]:
        """The exit code, and how many seconds it took from here."""
        began = time.perf_counter()
        # Somebody has to read, or the last words of the screen would wait for ever.
        self._read_while(lambda: self.process.poll() is None, "the end")
        took = time.perf_counter() - began
        self._read_rest()
        return self.process.wait(), took

    def hang_up(self) -> tuple[int, float]:
        """Close the terminal; the exit code of who sat there, and how many seconds it took."""
        os.close(self._ours)
        self._ours = -1
        began = time.perf_counter()
        code = self.process.wait(PATIENCE_S)
        return code, time.perf_counter() - began

    @property
    def modes(self) -> frozenset[int]:
        """The private modes that are set now."""
        modes = set(AT_FIRST)
        for numbers, letter in _MODE.findall(self.written):
            for number in map(int, numbers.split(b";")):
                (modes.add if letter == b"h" else modes.discard)(number)
        return frozenset(modes)

    def last_words(self) -> str:
        """What was written after the screen had been left."""
        return plain(self.written.rpartition(b"\x1b[?1049l")[2])

    @property
    def is_cooked(self) -> bool:
        """Whether the line discipline is as it was before the command."""
        return termios.tcgetattr(self._theirs) == self._settings

    def close(self) -> None:
        """End the command, if it has not, and the terminal."""
        self.process.kill()
        self.process.wait()
        for end in (self._ours, self._theirs):
            if end >= 0:
                os.close(end)

    def _read_while(self, more: Callable[[], bool], wanted: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while more():
            if time.monotonic() > until:
                raise TimeoutError(f"{wanted!r} never came: {plain(self.written)[-2_000:]}")
            if select.select([self._ours], [], [], 0.02)[0]:
                self._read()

    def _read_rest(self) -> None:
        while select.select([self._ours], [], [], 0)[0]:
            self._read()

    def _read(self) -> None:
        # The last of a terminal's writers may be gone.
        with suppress(OSError):
            self.written += os.read(self._ours, 65_536)


def plain(written: bytes) -> str:
    """What was written without the escape sequences."""
    return _SEQUENCE.sub(b"", written).decode(errors="replace")


def _take_terminal() -> Any:
    ioctl(0, termios.TIOCSCTTY, 0)
