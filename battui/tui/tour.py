"""The first minute: the lines that teach the main job, offered one after the other."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """A line to send, and what it does."""

    line: str
    says: str


@cache
def steps() -> tuple[Step, ...]:
    """Return the steps in the order of the file."""
    table = tomllib.loads(Path(__file__).with_name("tour.toml").read_text(encoding="utf-8"))
    return tuple(Step(**step) for step in table["step"])


class Tour:
    """Which step comes next. Begins only when told to, and never again once it has ended."""

    def __init__(self, *, over: bool = False) -> None:
        self.over = over
        self._place = -1

    def begin(self) -> None:
        """Offer the first step, unless somebody has been here before."""
        if self._place < 0 and not self.over:
            self._place = 0

    def skip(self) -> None:
        """End: the user knows the way."""
        self.over = True

    def take(self, line: str) -> None:
        """Go on where the line is the one that was offered."""
        step = self.step
        if step is not None and _bare(line) == _bare(step.line):
            self._place += 1
            self.over = self._place == len(steps())

    @property
    def step(self) -> Step | None:
        """The step that is offered now."""
        return steps()[self._place] if self._place >= 0 and not self.over else None

    @property
    def progress(self) -> str:
        """Such as 2 of 3."""
        return f"{self._place + 1} of {len(steps())}"


def _bare(line: str) -> str:
    return "".join(line.split())
