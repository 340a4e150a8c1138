"""battui in tmux, as its user has it: keys go in, and what is on the screen comes out."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.terminal.screen import PATIENCE_S

LOOK_AGAIN_S = 0.05
DETACH = "\x02d"


class Tmux:
    """A tmux server of its own with one window that outlives its command."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self._server = ("tmux", "-S", str(home / "tmux"), "-f", os.devnull)
        kept = {name: value for name, value in environment.items() if name not in ("TMUX", "TMUX_PANE")}
        self._code = home / "code"
        self.environment = {**kept, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}

    def start(self, *arguments: str, columns: int = 100, rows: int = 30) -> None:
        """Run battui in the window."""
        command = shlex.join((sys.executable, "-m", "battui", *arguments))
        size = ("-x", str(columns), "-y", str(rows))
        self._code.unlink(missing_ok=True)
        # In one piece, so that who looks never finds half of it.
        told = f"echo $? > {self._code}.new; mv {self._code}.new {self._code}"
        self._say("new-session", "-d", *size, "-s", "one", f"{command}; {told}")
        self._say("set-option", "-t", "one", "remain-on-exit", "on")
        self._say("set-option", "-t", "one", "window-size", "latest")

    def attached(self) -> Sequence[str]:
        """The command that shows the window on another terminal."""
        return (*self._server, "attach-session", "-t", "one")

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        self._say("resize-window", "-t", "one", "-x", str(columns), "-y", str(rows))

    def type(self, text: str) -> None:
        """Type text."""
        self._say("send-keys", "-t", "one", "-l", text)

    def press(self, *keys: str) -> None:
        """Press keys by their names in tmux."""
        self._say("send-keys", "-t", "one", *keys)

    def screen(self) -> str:
        """What is on the screen."""
        return self._say("capture-pane", "-t", "one", "-p")

    def until(self, wanted: str) -> str:
        """The screen once it has a match of the regular expression."""
        until = time.monotonic() + PATIENCE_S
        while not re.search(wanted, screen := self.screen()):
            over = time.monotonic() > until or self._ask("#{pane_dead}") == "1"
            assert not over, f"{wanted!r} never came:\n{screen}"
            time.sleep(LOOK_AGAIN_S)  # tmux does not tell when the screen has changed
        return screen

    def end(self) -> int:
        """The exit code of the command once it has ended."""
        until = time.monotonic() + PATIENCE_S
        # Asked for `pane_dead_status`, tmux 3.3 now and then has not reaped its child, and never will.
        while not self._code.exists():
            assert time.monotonic() < until, f"it never ended:\n{self.screen()}"
            time.sleep(LOOK_AGAIN_S)
        return int(self._code.read_text())

    def close(self) -> None:
        """End the server and what runs in it."""
        subprocess.run([*self._server, "kill-server"], check=False, capture_output=True)

    def _ask(self, question: str) -> str:
        return self._say("display-message", "-t", "one", "-p", question).strip()

    def _say(self, *words: str) -> str:
        done = subprocess.run(
            [*self._server, *words], check=True, capture_output=True, text=True, env=self.environment
        )
        return done.stdout
