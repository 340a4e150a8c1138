"""The lines of the log that a filter lets through, found block by block, the newest first."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from itertools import accumulate
from time import monotonic

from battui.tui.log_filter import LogFilter
from battui.tui.log_store import BLOCK, LogStore

_ALL = array("H", range(BLOCK))


class LogView:
    """Numbers of lines in order. What is new is looked at at once, what is older bit by bit, by `scan`."""

    def __init__(self, store: LogStore) -> None:
        self._store = store
        self._filter = LogFilter()
        self._hits: deque[array[int]] = deque()
        self._ends: list[int] | None = []
        self._first = 0
        self._seen = 0

    def begin(self, shown: LogFilter) -> None:
        """Look through everything again with this filter."""
        self._filter = shown
        self._hits.clear()
        self._ends = None
        self._seen = self._store.end
        self._first = self._seen // BLOCK
        self._hits.append(self._found(self._first))

    @property
    def done(self) -> bool:
        """Whether everything that is kept has been looked at."""
        return self._first <= self._store.first_block

    def scan(self, seconds: float) -> int:
        """Look at older lines for about so long; how many were found."""
        until = monotonic() + seconds
        found = 0
        while not self.done and monotonic() < until:
            self._first -= 1
            hits = self._found(self._first)
            self._hits.appendleft(hits)
            found += len(hits)
        self._ends = None
        return found

    def extend(self) -> int:
        """Look at what has been added; how many lines the store has let go of above."""
        store = self._store
        block = self._seen // BLOCK
        last = store.end // BLOCK
        for each in range(max(block, store.first_block), last + 1):
            if each == self._first + len(self._hits) - 1:
                self._hits[-1] = self._found(each)
            else:
                self._hits.append(self._found(each))
        self._seen = store.end
        gone = 0
        while self._hits and self._first < store.first_block:
            gone += len(self._hits.popleft())
            self._first += 1
        self._ends = None
        return gone

    def __len__(self) -> int:
        ends = self._counted()
        return ends[-1] if ends else 0

    def number(self, place: int) -> int:
        """The number of the line at a place among those found."""
        ends = self._counted()
        block = bisect_right(ends, place)
        before = ends[block - 1] if block else 0
        return (self._first + block) * BLOCK + self._hits[block][place - before]

    def place(self, number: int) -> int:
        """Where the line with this number stands among those found, or would stand."""
        block = number // BLOCK - self._first
        if block < 0 or not self._hits:
            return 0
        ends = self._counted()
        if block >= len(self._hits):
            return ends[-1]
        before = ends[block - 1] if block else 0
        return before + bisect_right(self._hits[block], number % BLOCK - 1)

    def _counted(self) -> list[int]:
        if self._ends is None:
            self._ends = list(accumulate(map(len, self._hits)))
        return self._ends

    def _found(self, block: int) -> array[int]:
        """Which lines of the block the filter lets through."""
        shown, store = self._filter, self._store
        levels = store.levels(block)
        if not shown.fields and not shown.words:
            if len(levels) == BLOCK and min(levels) >= shown.least:
                return _ALL
            return array("H", [place for place, level in enumerate(levels) if level >= shown.least])
        if levels and not self._may_have(store.text(block)):
            return array("H")
        return array(
            "H", [place for place, line in enumerate(store.block(block)) if shown.lets(line, str(line))]
        )

    def _may_have(self, text: str) -> bool:
        """Whether a line of the block could pass: most blocks need not be taken apart for that."""
        wanted = [*self._filter.words, *(value for _, value in self._filter.fields)]
        return all(word in text for word in wanted)
