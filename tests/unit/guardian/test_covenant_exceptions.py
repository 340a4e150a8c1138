"""Exceptions: a handler is entered with whatever had changed before the statement that raised."""

from __future__ import annotations

from collections.abc import Callable

import pytest

REPAIRED = {
    "handler that returns": (
        """
        def change(self, x):
            try:
                self.rows.append(x)
                y = 1 / x
            except ZeroDivisionError:
                return None
            self._p_changed = True
            return y
        """,
        """
        def change(self, x):
            try:
                self.rows.append(x)
                y = 1 / x
            except ZeroDivisionError:
                self._p_changed = True
                return None
            self._p_changed = True
            return y
        """,
    ),
    "handler that changes": (
        """
        def change(self, x):
            try:
                y = self.table[x]
            except KeyError:
                self.table[x] = 0
            return 0
        """,
        """
        def change(self, x):
            try:
                y = self.table[x]
            except KeyError:
                self.table[x] = 0
            self._p_changed = True
            return 0
        """,
    ),
    "handler that changes, end of method": (
        """
        def change(self, x):
            try:
                print(self.table[x])
            except KeyError:
                self.table[x] = 0
        """,
        """
        def change(self, x):
            try:
                print(self.table[x])
            except KeyError:
                self.table[x] = 0
                self._p_changed = True
        """,
    ),
    "else of try": (
        """
        def change(self, x):
            try:
                y = int(x)
            except ValueError:
                return 0
            else:
                self.n = y
                return y
        """,
        """
        def change(self, x):
            try:
                y = int(x)
            except ValueError:
                return 0
            else:
                self.n = y
                self._p_changed = True
                return y
        """,
    ),
    "finally that changes": (
        """
        def change(self, x):
            try:
                return int(x)
            finally:
                self.n += 1
        """,
        """
        def change(self, x):
            try:
                self._p_changed = True
                return int(x)
            finally:
                self.n += 1
        """,
    ),
    "change that may stop half way": (
        """
        def change(self, x):
            try:
                self.rows.extend(int(y) for y in x)
            except ValueError:
                return False
            self._p_changed = True
            return True
        """,
        """
        def change(self, x):
            try:
                self.rows.extend(int(y) for y in x)
            except ValueError:
                self._p_changed = True
                return False
            self._p_changed = True
            return True
        """,
    ),
    "exception after a change in a loop": (
        """
        def change(self, x):
            try:
                for y in x:
                    self.rows.append(int(y))
            except ValueError:
                return False
            self._p_changed = True
            return True
        """,
        """
        def change(self, x):
            try:
                for y in x:
                    self.rows.append(int(y))
            except ValueError:
                self._p_changed = True
                return False
            self._p_changed = True
            return True
        """,
    ),
    "handler inside a handler": (
        """
        def change(self, x):
            try:
                self.n = x
                raise ValueError('no')
            except ValueError:
                try:
                    print(x)
                except TypeError:
                    return 1
                return 2
        """,
        """
        def change(self, x):
            try:
                self.n = x
                raise ValueError('no')
            except ValueError:
                try:
                    print(x)
                except TypeError:
                    self._p_changed = True
                    return 1
                self._p_changed = True
                return 2
        """,
    ),
    "finally that returns": (
        """
        def change(self, x):
            try:
                self.n = x
                raise ValueError('no')
            finally:
                return 1
        """,
        """
        def change(self, x):
            try:
                self.n = x
                raise ValueError('no')
            finally:
                self._p_changed = True
                return 1
        """,
    ),
    "raised in a called function": (
        """
        def change(self, x):
            def go():
                self.n = x
                raise ValueError('no')
            try:
                go()
            except ValueError:
                return 1
        """,
        """
        def change(self, x):
            def go():
                self.n = x
                raise ValueError('no')
            try:
                go()
            except ValueError:
                self._p_changed = True
                return 1
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), REPAIRED.values(), ids=REPAIRED.keys())
def test_handler_without_signal_is_repaired(
    before: str, after: str, repairs: Callable[[str, str], None]
) -> None:
    repairs(before, after)


KEPT = {
    "the change itself raised": """
        def change(self, x):
            try:
                self.rows.remove(x)
            except ValueError:
                return False
            self._p_changed = True
            return True
        """,
    "deletion itself raised": """
        def change(self, x):
            try:
                del self.table[x]
                self._p_changed = True
            except KeyError:
                return False
            return True
        """,
    "finally signals": """
        def change(self, x):
            try:
                self.n = x
                if x:
                    return 1
                y = 1 / x
            except ZeroDivisionError:
                return 0
            finally:
                self._p_changed = True
        """,
    "handler raises again": """
        def change(self, x):
            try:
                self.n = x
                y = 1 / x
            except ZeroDivisionError:
                raise ValueError('no')
            self._p_changed = True
        """,
    "nothing catches it": """
        def change(self, x):
            try:
                self.n = x
                y = 1 / x
            finally:
                print(x)
            self._p_changed = True
        """,
    "else signals": """
        def change(self, x):
            try:
                self.rows.remove(x)
            except ValueError:
                print(x)
            else:
                self._p_changed = True
        """,
}


@pytest.mark.parametrize("source", KEPT.values(), ids=KEPT.keys())
def test_every_handler_signals_what_it_must(source: str, accepts: Callable[[str], object]) -> None:
    accepts(source)
