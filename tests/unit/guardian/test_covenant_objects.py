"""Other objects: each signals for itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from battui.guardian import review

REPAIRED = {
    "parameter": (
        """
        def pay(self, other, x):
            other.balance += x
        """,
        """
        def pay(self, other, x):
            other.balance += x
            other._p_changed = True
        """,
    ),
    "both": (
        """
        def pay(self, other, x):
            self.balance -= x
            other.balance += x
            return x
        """,
        """
        def pay(self, other, x):
            self.balance -= x
            other.balance += x
            other._p_changed = True
            self._p_changed = True
            return x
        """,
    ),
    "container of a parameter": (
        """
        def pay(self, other, x):
            other.rows.append(x)
        """,
        """
        def pay(self, other, x):
            other.rows.append(x)
            other._p_changed = True
        """,
    ),
    "object in a slot": (
        """
        def pay(self, x):
            self.account.balance += x
        """,
        """
        def pay(self, x):
            self.account.balance += x
            self.account._p_changed = True
        """,
    ),
    "object in a slot by name": (
        """
        def pay(self, x):
            account = self.account
            account.rows[0] = x
        """,
        """
        def pay(self, x):
            account = self.account
            account.rows[0] = x
            account._p_changed = True
        """,
    ),
    "objects in a list": (
        """
        def pay(self, x):
            for account in self.accounts:
                account.balance += x
        """,
        """
        def pay(self, x):
            for account in self.accounts:
                account.balance += x
                account._p_changed = True
        """,
    ),
    "only the last of them": (
        """
        def pay(self, x):
            for account in self.accounts:
                account.balance += x
            account._p_changed = True
        """,
        """
        def pay(self, x):
            for account in self.accounts:
                account.balance += x
                account._p_changed = True
            account._p_changed = True
        """,
    ),
    "answer to a message": (
        """
        def pay(self, x):
            account = self.find_(x)
            account.balance = 0
        """,
        """
        def pay(self, x):
            account = self.find_(x)
            account.balance = 0
            account._p_changed = True
        """,
    ),
    "the signal of self is not theirs": (
        """
        def pay(self, other, x):
            other.balance += x
            self._p_changed = True
        """,
        """
        def pay(self, other, x):
            other.balance += x
            other._p_changed = True
            self._p_changed = True
        """,
    ),
    "chain of objects": (
        """
        def pay(self, x):
            node = self.first
            while node:
                node.n += x
                node = node.next
        """,
        """
        def pay(self, x):
            node = self.first
            while node:
                node.n += x
                node._p_changed = True
                node = node.next
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), REPAIRED.values(), ids=REPAIRED.keys())
def test_other_object_without_signal_is_repaired(
    before: str, after: str, repairs: Callable[[str, str], None]
) -> None:
    repairs(before, after)


KEPT = {
    "one of two objects": """
        def pay(self, other, x):
            target = other if x > 0 else self
            target.balance += x
            target._p_changed = True
        """,
    "signal through another name": """
        def pay(self, other, x):
            other.balance += x
            it = other
            it._p_changed = True
        """,
    "object by key": """
        def pay(self, x):
            self.accounts[x].balance += 1
            self.accounts[x]._p_changed = True
        """,
    "list in an argument": """
        def pay(self, rows, x):
            rows[0]['n'] = x
        """,
    "message": """
        def pay(self, other, x):
            other.deposit_(x)
            self.account.withdraw_(x)
        """,
}


@pytest.mark.parametrize("source", KEPT.values(), ids=KEPT.keys())
def test_other_object_signals(source: str, accepts: Callable[[str], object]) -> None:
    accepts(source)


def test_object_that_cannot_be_named_twice_is_refused_not_guessed() -> None:
    verdict = review("def pay(self, x):\n    self.find_(x).balance = 1\n")
    assert not verdict.accepted
    assert not verdict.repaired
