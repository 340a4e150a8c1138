"""Branches, early returns, `match`: a path that leaves after the change without the signal is given it."""

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
