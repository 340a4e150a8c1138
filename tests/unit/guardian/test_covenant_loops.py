"""Loops: what one turn changes is owed after it, by every way out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

REPAIRED = {
    "after the loop": (
        """
        def change(self, x):
            for row in self.rows:
                row['n'] += x
            return x
        """,
        """
        def change(self, x):
            for row in self.rows:
                row['n'] += x
            self._p_changed = True
            return x
        """,
    ),
    "at the end": (
        """
        def change(self, x):
            for row in self.rows:
                if row['n']:
                    row['n'] += x
        """,
        """
        def change(self, x):
            for row in self.rows:
                if row['n']:
                    row['n'] += x
            self._p_changed = True
        """,
    ),
    "in the branch around the loop": (
        """
        def change(self, x):
            if x:
                while self.rows:
                    self.rows.pop()
            else:
                print(x)
        """,
        """
        def change(self, x):
            if x:
                while self.rows:
                    self.rows.pop()
                self._p_changed = True
            else:
                print(x)
        """,
    ),
    "return out of the loop": (
        """
        def change(self, x):
            for row in self.rows:
                if row['n'] == x:
                    row['n'] = 0
                    return row
            self.misses += 1
            self._p_changed = True
        """,
        """
        def change(self, x):
            for row in self.rows:
                if row['n'] == x:
                    row['n'] = 0
                    self._p_changed = True
                    return row
            self.misses += 1
            self._p_changed = True
        """,
    ),
    "signal in else only": (
        """
        def change(self, x):
            for row in self.rows:
                row['n'] = x
                if x:
                    break
            else:
                self._p_changed = True
        """,
        """
        def change(self, x):
            for row in self.rows:
                row['n'] = x
                if x:
                    break
            else:
                self._p_changed = True
            self._p_changed = True
        """,
    ),
    "while True with break": (
        """
        def change(self, x):
            while True:
                self.n += 1
                if self.n > x:
                    break
        """,
        """
        def change(self, x):
            while True:
                self.n += 1
                if self.n > x:
                    break
            self._p_changed = True
        """,
    ),
    "the change is in the test": (
        """
        def change(self, x):
            while self.rows.pop():
                print(x)
        """,
        """
        def change(self, x):
            while self.rows.pop():
                print(x)
            self._p_changed = True
        """,
    ),
    "the change is in what is gone through": (
        """
        def change(self, x):
            for y in self.rows.pop():
                print(y)
        """,
        """
        def change(self, x):
            for y in self.rows.pop():
                print(y)
            self._p_changed = True
        """,
    ),
    "changed in one turn, left in a later one": (
        """
        def change(self, x):
            for y in x:
                if y == 0:
                    return y
                self.rows.append(y)
            self._p_changed = True
        """,
        """
        def change(self, x):
            for y in x:
                if y == 0:
                    self._p_changed = True
                    return y
                self.rows.append(y)
            self._p_changed = True
        """,
    ),
    "alias made in one turn, used in a later one": (
        """
        def change(self, x):
            last = []
            for row in self.rows:
                last.append(x)
                last = row
        """,
        """
        def change(self, x):
            last = []
            for row in self.rows:
                last.append(x)
                last = row
            self._p_changed = True
        """,
    ),
    "continue past the signal": (
        """
        def change(self, x):
            for row in self.rows:
                row['n'] = x
                if x:
                    continue
                self._p_changed = True
        """,
        """
        def change(self, x):
            for row in self.rows:
                row['n'] = x
                if x:
                    continue
                self._p_changed = True
            self._p_changed = True
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), REPAIRED.values(), ids=REPAIRED.keys())
def test_loop_without_signal_is_repaired(
    before: str, after: str, repairs: Callable[[str, str], None]
) -> None:
    repairs(before, after)


KEPT = {
    "signal in each turn": """
        def change(self, x):
            for row in self.rows:
                row['n'] = x
                self._p_changed = True
        """,
    "signal before break and in else": """
        def change(self, x):
            for row in self.rows:
                row['n'] = x
                if x:
                    self._p_changed = True
                    break
            else:
                self._p_changed = True
        """,
    "endless loop with a signal before its only way out": """
        def change(self, x):
            while True:
                self.n += 1
                if self.n > x:
                    self._p_changed = True
                    return self.n
        """,
    "loop over a display runs at least once": """
        def change(self, x):
            self.n = x
            for name in ('a', 'b'):
                self._p_changed = True
        """,
    "change in a loop that is never left by its end": """
        def change(self, x):
            while True:
                self.n += 1
        """,
}


@pytest.mark.parametrize("source", KEPT.values(), ids=KEPT.keys())
def test_every_way_out_signals(source: str, accepts: Callable[[str], object]) -> None:
    accepts(source)


def test_loop_that_may_not_run_does_not_signal_for_what_came_before(refuses: Callable[[str], object]) -> None:
    refuses(
        """
        def change(self, x):
            self.n = 1
            for y in x:
                self._p_changed = True
        """
    )
