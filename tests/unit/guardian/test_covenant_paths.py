"""Flags, repeated tests, early leave: which methods signal on every path after the change, and which miss one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

KEPT = {
    "flag": """
        def change(self, x):
            changed = False
            for row in self.rows:
                if row['n'] > x:
                    row['n'] = x
                    changed = True
            if changed:
                self._p_changed = True
            return changed
        """,
    "counter": """
        def change(self, x):
            count = 0
            for row in self.rows:
                if row['n'] > x:
                    row['n'] = x
                    count += 1
            if count > 0:
                self._p_changed = True
            return count
        """,
    "list of what was removed": """
        def change(self, x):
            gone = []
            for name in x:
                if name in self.table:
                    del self.table[name]
                    gone.append(name)
            if not gone:
                return None
            self._p_changed = True
            return gone
        """,
    "flag that is None at first": """
        def change(self, x):
            found = None
            for row in self.rows:
                if row['n'] == x:
                    row['n'] = 0
                    found = True
            if found is not None:
                self._p_changed = True
        """,
    "the same test twice": """
        def change(self, x):
            if x:
                self.n = 1
            print(self.n)
            if x:
                self._p_changed = True
        """,
    "return before the change": """
        def change(self, x):
            if not x:
                return 0
            self.n = x
            self._p_changed = True
            return x
        """,
    "raise after the change": """
        def change(self, x):
            self.n += x
            if self.n < 0:
                raise ValueError('too little')
            self._p_changed = True
        """,
    "each branch signals": """
        def change(self, x):
            match x:
                case 1:
                    self.n = 1
                    self._p_changed = True
                case int(y):
                    self.m = y
                    self._p_changed = True
        """,
    "assertion that fails leaves by exception": """
        def change(self, x):
            self.n = x
            assert False
        """,
}


@pytest.mark.parametrize("source", KEPT.values(), ids=KEPT.keys())
def test_every_path_signals(source: str, accepts: Callable[[str], object]) -> None:
    accepts(source)


BROKEN = {
    "flag of another change": """
        def change(self, x):
            changed = False
            self.rows.append(x)
            if x:
                changed = True
            if changed:
                self._p_changed = True
        """,
    "flag that is taken back": """
        def change(self, x):
            changed = False
            for row in self.rows:
                row['n'] = x
                changed = True
                if x:
                    changed = False
            if changed:
                self._p_changed = True
        """,
    "comparison that says nothing of truth": """
        def change(self, x):
            if x > 0:
                return 0
            if x:
                self.n = x
            return 1
        """,
}


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN.keys())
def test_a_path_is_missed(source: str, refuses: Callable[[str], object]) -> None:
    refuses(source)
