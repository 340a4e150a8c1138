"""A program in a pseudo-terminal of its own: keys in, glyphs out, and what it costs meanwhile."""

from __future__ import annotations

import os
import pty
import select
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ

ROWS, COLUMNS = 40, 120
PATIENCE_S = 60.0
LETTERS = "".join(map(chr, [*range(0x430, 0x450), *range(0x3B1, 0x3CA), *range(0x561, 0x587)]))
"""Letters to type. None of them stands on a screen before it is typed, nor again while the line is not full."""
CLEAR_LINE, QUIT = "\x15", "\x11"
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds."""

    values: tuple[float, ...]

    def at(self, percent: int) -> float:
        """The percentile."""
        return statistics.quantiles(self.values, n=100)[percent - 1]


class Screen:
    """What the program writes is thrown away, but for the glyph one waits for."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._master, slave = pty.openpty()
        ioctl(slave, TIOCSWINSZ, pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.started = time.perf_counter()
        self.bytes = 0
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,  # this is where Textual draws
            env={**(environment or os.environ), "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            start_new_session=True,
        )
        os.close(slave)

    def until(self, text: str) -> float:
        """Milliseconds until the text is written."""
        began, glyph, seen = time.perf_counter(), text.encode(), b""
        while glyph not in seen:
            ready, _, _ = select.select([self._master], [], [], PATIENCE_S)
            if not ready:
                raise TimeoutError(f"{text!r} was never written")
            # What one waits for may be cut in two by the reading.
            seen = seen[-len(glyph) :] + _without_styles(self._read())
        return (time.perf_counter() - began) * 1000

    def press(self, key: str) -> None:
        """Write a key."""
        os.write(self._master, key.encode())

    def rest(self, seconds: float) -> None:
        """Read what comes for a while."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if select.select([self._master], [], [], left)[0]:
                self._read()

    def typed(self, keys: int, pause: float = 0.02) -> Spread:
        """How long each of so many keys takes to be seen."""
        taken = []
        for number in range(keys):
            letter = LETTERS[number % len(LETTERS)]
            self.press(letter)
            taken.append(self.until(letter))
            if number % 50 == 49:
                self.press(CLEAR_LINE)
            self.rest(pause)
        return Spread(tuple(taken))

    def cpu_seconds(self) -> float:
        """What the process itself has used so far, its children apart."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident_mib(self) -> float:
        """The memory that it has now."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * _PAGE / (1 << 20)

    def _read(self) -> bytes:
        data = os.read(self._master, 65_536)
        self.bytes += len(data)
        return data

    def close(self) -> None:
        """Quit, or end what does not."""
        with suppress(OSError):  # the last writer may go while one reads
            self.press(QUIT)
            until = time.monotonic() + PATIENCE_S
            while self.process.poll() is None and time.monotonic() < until:
                self.rest(0.05)
        self.process.kill()
        self.process.wait()
        os.close(self._master)


def _without_styles(written: bytes) -> bytes:
    """Text without escape sequences, whose letters are no glyphs."""
    parts = written.split(b"\x1b[")
    return parts[0] + b"".join(_after_sequence(part) for part in parts[1:])


def _after_sequence(part: bytes) -> bytes:
    for place, byte in enumerate(part):
        if 0x40 <= byte <= 0x7E:
            return part[place + 1 :]
    return b""
