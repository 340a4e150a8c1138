"""How long a key takes to be seen: byte into a pseudo-terminal, glyph out, beside a bare Textual app.

    python -m benchmarks.tui [keys]

Each app runs in a terminal of its own, in turns, with the portal that the tests play behind battui: idle, and
while it tells 200 events a second. Printed are milliseconds per key at the median and the 99th percentile, the
time from start to the first frame, and the ratios to the bare app.
"""

from __future__ import annotations

import os
import pty
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from fcntl import ioctl
from struct import pack
from termios import TIOCSWINSZ

KEYS = 200
ROWS, COLUMNS = 40, 120
LETTERS = "qjxzvkwy"
"""Letters to type. Each is looked for in what comes after its key alone."""
EVENTS_A_SECOND = 200
PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds."""

    first_frame: float
    keys: tuple[float, ...]

    def at(self, percent: int) -> float:
        """The percentile."""
        return statistics.quantiles(self.keys, n=100)[percent - 1]


class Screen:
    """An app in a pseudo-terminal; what it writes is read and thrown away, but for the glyph one waits for."""

    def __init__(self, subject: str) -> None:
        self._master, slave = pty.openpty()
        ioctl(slave, TIOCSWINSZ, pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.tui", "--show", subject],
            stdin=slave,
            stdout=slave,
            # This is where Textual draws.
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)

    def until(self, glyph: bytes) -> float:
        """Milliseconds until the glyph is written."""
        began = time.perf_counter()
        seen = b""
        while glyph not in seen:
            ready, _, _ = select.select([self._master], [], [], PATIENCE_S)
            if not ready:
                raise TimeoutError(f"{glyph!r} was never written")
            # The glyph may be cut in two by the reading.
            seen = seen[-len(glyph) :] + _without_styles(os.read(self._master, 65_536))
        return (time.perf_counter() - began) * 1000

    def press(self, key: str) -> None:
        """Write a key."""
        os.write(self._master, key.encode())

    def rest(self, seconds: float) -> None:
        """Read what comes for a while."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if select.select([self._master], [], [], left)[0]:
                os.read(self._master, 65_536)

    def close(self) -> None:
        """End the app."""
        self._process.terminate()
        self._process.wait()
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


def measure(subject: str, keys: int) -> Measured:
    """Type into one app."""
    screen = Screen(subject)
    try:
        screen.until(b"ready to type" if subject == "bare" else b"lobby")
        first_frame = (time.perf_counter() - screen.started) * 1000
        screen.rest(1.0)
        if subject != "bare":
            screen.press(":")
            screen.rest(0.5)
        taken = []
        for number in range(keys):
            letter = LETTERS[number % len(LETTERS)]
            screen.press(letter)
            taken.append(screen.until(letter.encode()))
            screen.rest(0.02)
        return Measured(first_frame, tuple(taken))
    finally:
        screen.close()


def show_bare() -> None:
    """A Textual app with an input and nothing else."""
    from textual.app import App, ComposeResult
    from textual.widgets import Input, Static

    class Bare(App[None]):
        def compose(self) -> ComposeResult:
            yield Static("ready to type")
            yield Input()

        def on_mount(self) -> None:
            self.query_one(Input).cursor_blink = False
            self.query_one(Input).focus()

    Bare().run()


def show_battui(*, busy: bool) -> None:
    """The terminal over the portal of its tests, which tells of a change again and again if `busy`."""
    import asyncio

    from battui.tui.app import BattuiApp
    from tests.unit.tui.scripted_portal import ScriptedPortal

    async def show() -> None:
        portal = ScriptedPortal()
        app = BattuiApp(portal, image="demo.fs")

        async def tell() -> None:
            await portal.following.wait()
            while True:
                portal.tell("object", "account", data={"oids": [1]})
                await asyncio.sleep(1 / EVENTS_A_SECOND)

        task = asyncio.create_task(tell()) if busy else None
        await app.run_async()
        if task is not None:
            task.cancel()

    asyncio.run(show())


SUBJECTS: dict[str, Callable[[], None]] = {
    "bare": show_bare,
    "idle": lambda: show_battui(busy=False),
    "busy": lambda: show_battui(busy=True),
}


def main() -> None:
    if sys.argv[1:2] == ["--show"]:
        SUBJECTS[sys.argv[2]]()
        return
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else KEYS
    bare = measure("bare", keys)
    print(f"{'':<34}{'first frame':>12}{'p50':>8}{'p99':>8}   ratios to bare")
    for name, words in (
        ("bare", "bare Textual app"),
        ("idle", "battui, idle"),
        ("busy", f"battui, {EVENTS_A_SECOND} events/s"),
    ):
        took = bare if name == "bare" else measure(name, keys)
        ratios = " ".join(f"{took.at(percent) / bare.at(percent):.2f}" for percent in (50, 99))
        figures = f"{took.first_frame:>12.0f}{took.at(50):>8.1f}{took.at(99):>8.1f}"
        print(f"{words:<34}{figures}   {ratios}", flush=True)


if __name__ == "__main__":
    main()
