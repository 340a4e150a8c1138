"""A million lines of log in little memory: blocks of lines, compressed, of which a few lie open."""

from __future__ import annotations

import zlib
from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import NamedTuple

from battui.contracts.events import KernelEvent, Level
from battui.tui.log_filter import LEVELS
from battui.tui.values import clock, harmless, one_line

BLOCK = 512
"""Lines of one block."""

MOST_BLOCKS = 2_000
"""So that about a million lines are kept; the oldest go first."""

_OPEN_BLOCKS = 16
_FASTEST = 1


class LogLine(NamedTuple):
    """What the log shows of an event; a line of the log has no tabs and no line ends in it."""

    time: str
    level: Level
    kind: str
    mission: str
    about: str
    text: str

    @property
    def subject(self) -> str:
        """What it is about."""
        return "".join(f"{part}  " for part in (self.mission, self.about) if part)

    def __str__(self) -> str:
        return f"{self.time}  {self.level:<7}  {self.kind:<10}{self.subject}{self.text}"


def line_of(event: KernelEvent) -> LogLine:
    """The event as a line of the log."""
    # States have names in capitals; what else befalls a mission says so in its text.
    state = str(event.data.get("state", "")) if event.kind == "mission" else ""
    text = f"{state}: {event.text}" if state.isupper() else event.text
    words = [harmless(one_line(each)) for each in (event.mission, event.about, text)]
    return LogLine(clock(event.at), event.level, event.kind, *words)


class LogStore:
    """Lines by number, counted from the first that was ever added. Numbers stay when old lines go."""

    def __init__(self) -> None:
        self._blocks: deque[bytes] = deque()
        self._levels: deque[bytes] = deque()
        self._tail: list[LogLine] = []
        self._open: OrderedDict[int, list[LogLine]] = OrderedDict()
        self.first_block = 0

    @property
    def end(self) -> int:
        """The number that the next line will have."""
        return (self.first_block + len(self._blocks)) * BLOCK + len(self._tail)

    @property
    def begin(self) -> int:
        """The number of the oldest line."""
        return self.first_block * BLOCK

    def __len__(self) -> int:
        return self.end - self.begin

    def add(self, events: Iterable[KernelEvent]) -> None:
        """Append the events as lines."""
        for event in events:
            self._tail.append(line_of(event))
            if len(self._tail) == BLOCK:
                self._close_tail()

    def line(self, number: int) -> LogLine:
        """The line with this number; it has to be one that is kept."""
        return self.block(number // BLOCK)[number % BLOCK]

    def block(self, block: int) -> list[LogLine]:
        """All lines of a block, the last of which grows."""
        place = block - self.first_block
        if place == len(self._blocks):
            return self._tail
        if block not in self._open:
            text = zlib.decompress(self._blocks[place]).decode()
            # The fields were written by line_of.
            self._open[block] = [LogLine(*row.split("\t")) for row in text.split("\n")]  # type: ignore[arg-type]
            if len(self._open) > _OPEN_BLOCKS:
                self._open.popitem(last=False)
        self._open.move_to_end(block)
        return self._open[block]

    def levels(self, block: int) -> bytes:
        """The level of each line of a block, as its place in LEVELS; without opening the block."""
        place = block - self.first_block
        if place == len(self._levels):
            return bytes(LEVELS.index(line.level) for line in self._tail)
        return self._levels[place]

    def text(self, block: int) -> str:
        """A block in small letters, to look whether words are in it at all."""
        place = block - self.first_block
        if place == len(self._blocks):
            text = "\n".join("\t".join(line) for line in self._tail)
        else:
            text = zlib.decompress(self._blocks[place]).decode()
        return text.casefold()

    def _close_tail(self) -> None:
        text = "\n".join("\t".join(line) for line in self._tail)
        self._blocks.append(zlib.compress(text.encode("utf-8", "replace"), _FASTEST))
        self._levels.append(bytes(LEVELS.index(line.level) for line in self._tail))
        self._tail = []
        if len(self._blocks) > MOST_BLOCKS:
            self._blocks.popleft()
            self._levels.popleft()
            self._open.pop(self.first_block, None)
            self.first_block += 1
