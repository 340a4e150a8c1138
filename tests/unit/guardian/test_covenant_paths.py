"""Branches, early returns, `match`: the signal is owed on every path that leaves after the change."""

from __future__ import annotations

from collections.abc import Callable

import pytest

REPAIRED = {
    "one branch": (
        """
        def change(self, x):
            if x:
                self.n = x
            print(x)
        """,
        """
        def change(self, x):
            if x:
                self.n = x
                self._p_changed = True
            print(x)
        """,
    ),
    "else branch": (
        """
        def change(self, x):
            if x:
                y = 1
            else:
                self.rows.append(x)
        """,
        """
        def change(self, x):
            if x:
                y = 1
            else:
                self.rows.append(x)
                self._p_changed = True
        """,
    ),
    "both branches": (
        """
        def change(self, x):
            if x:
                self.n = x
            elif self.n:
                self.n = 0
            else:
                del self.n
        """,
        """
        def change(self, x):
            if x:
                self.n = x
            elif self.n:
                self.n = 0
            else:
                del self.n
            self._p_changed = True
        """,
    ),
    "early return before the signal": (
        """
        def change(self, x):
            self.rows.append(x)
            if x > 1:
                return x
            self._p_changed = True
            return 0
        """,
        """
        def change(self, x):
            self.rows.append(x)
            if x > 1:
                self._p_changed = True
                return x
            self._p_changed = True
            return 0
        """,
    ),
    "every return": (
        """
        def change(self, x):
            self.n += x
            if self.n > 9:
                # enough
                return 'full'
            return self.n
        """,
        """
        def change(self, x):
            self.n += x
            if self.n > 9:
                self._p_changed = True
                # enough
                return 'full'
            self._p_changed = True
            return self.n
        """,
    ),
    "the change is in the return": (
        """
        def take(self):
            return self.rows.pop()
        """,
        """
        def take(self):
            self._p_changed = True
            return self.rows.pop()
        """,
    ),
    "return on the line of its if": (
        """
        def change(self, x):
            self.n = x
            if x: return x
            self._p_changed = True
        """,
        """
        def change(self, x):
            self.n = x
            if x: self._p_changed = True; return x
            self._p_changed = True
        """,
    ),
    "body on the line of its def": (
        """
        def change(self, x): self.n = x
        """,
        """
        def change(self, x): self.n = x; self._p_changed = True
        """,
    ),
    "several statements on a line": (
        """
        def change(self, x):
            self.n = x; return x
        """,
        """
        def change(self, x):
            self.n = x; self._p_changed = True; return x
        """,
    ),
    "comments and blank lines stay": (
        '''
        def change(self, x):
            """Change."""

            self.n = x  # so

            # and now
            return x  # done
        ''',
        '''
        def change(self, x):
            """Change."""

            self.n = x  # so
            self._p_changed = True

            # and now
            return x  # done
        ''',
    ),
    "match": (
        """
        def change(self, x):
            match x:
                case {'kind': 'add', 'n': n}:
                    self.rows.append(n)
                case 'clear':
                    self.rows.clear()
                case _:
                    return None
        """,
        """
        def change(self, x):
            match x:
                case {'kind': 'add', 'n': n}:
                    self.rows.append(n)
                case 'clear':
                    self.rows.clear()
                case _:
                    return None
            self._p_changed = True
        """,
    ),
    "captured by match": (
        """
        def change(self, x):
            match self.rows:
                case [first, *rest]:
                    first['n'] = x
        """,
        """
        def change(self, x):
            match self.rows:
                case [first, *rest]:
                    first['n'] = x
                    self._p_changed = True
        """,
    ),
    "guard of a case": (
        """
        def change(self, x):
            match x:
                case 1 if self.rows.pop():
                    return 1
            return 2
        """,
        """
        def change(self, x):
            match x:
                case 1 if self.rows.pop():
                    self._p_changed = True
                    return 1
            self._p_changed = True
            return 2
        """,
    ),
    "return inside with": (
        """
        def change(self, x):
            with self.lock:
                self.n = x
                return x
        """,
        """
        def change(self, x):
            with self.lock:
                self.n = x
                self._p_changed = True
                return x
        """,
    ),
    "only the other branch signals": (
        """
        def change(self, x):
            self.n = x
            if x:
                self._p_changed = True
        """,
        """
        def change(self, x):
            self.n = x
            if x:
                self._p_changed = True
            self._p_changed = True
        """,
    ),
    "the signal is taken back": (
        """
        def change(self, x):
            self.n = x
            y = self.rows
            if not x:
                y.append(x)
                return y
            self._p_changed = True
        """,
        """
        def change(self, x):
            self.n = x
            y = self.rows
            if not x:
                y.append(x)
                self._p_changed = True
                return y
            self._p_changed = True
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), REPAIRED.values(), ids=REPAIRED.keys())
def test_path_without_signal_is_repaired(
    before: str, after: str, repairs: Callable[[str, str], None]
) -> None:
    repairs(before, after)


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
