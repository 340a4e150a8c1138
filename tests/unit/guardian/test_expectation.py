"""What may stand behind `=>`."""

from __future__ import annotations

import pytest

from battui.contracts.errors import UsageError
from battui.guardian import check_expectation

ALLOWED = [
    "result == 3",
    "self.balance == 150",
    "result is None",
    "result == {'a': [1, 2], 'b': (3,)}",
    "self.rows[0]['n'] > 1 and not self.closed",
    "1 < len(self.rows) <= 3",
    "sorted(result) == [1, 2]",
    "round(result / 3, 2) == 0.33",
    "abs(self.x - 1.5) < 1e-9",
    "'a' in result or result[1:] == 'b'",
    "result == -1",
    "all(result)",
    "isinstance(result, str)",
    "str(result).startswith('a')",
    "self.owner.name == 'Ada'",
    "result ==\n 3",
]


@pytest.mark.parametrize("source", ALLOWED)
def test_comparison_is_allowed(source: str) -> None:
    check_expectation(source)


REFUSED = [
    "",
    "   ",
    "result",
    "3",
    "self.balance = 3",
    "result == 3; import os",
    "result == 3)\n(1",
    "result == other",
    "amount == 3",
    "[x for x in result] == []",
    "(lambda: 1)() == 1",
    "(y := result) == 1",
    "self.deposit_(1) == 1",
    "result.append(1) == None",
    "self._p_changed == True",
    "self.__class__ == 1",
    "result.format(1) == ''",
    "'{0.__class__}' == result",
    "f'{result}' == 'a'",
    "open('a') == 1",
    "getattr(self, 'a') == 1",
    "__import__('os') == 1",
    "print(result) == None",
    "result == 9 ** 9 ** 9",
    "result == 1 << 99999",
    "await result == 1",
    "result == 1 if result else 2",
    "result == *self",
    "len(*result) == 1 and (yield)",
    "result == " + "9" * 60,
    "(" * 300 + "result == 1" + ")" * 300,
    "result == '" + "a" * 600 + "'",
    "result == 1 # \0",
    "self.\uff4dro == 1",
]


@pytest.mark.parametrize("source", REFUSED)
def test_anything_else_is_refused_with_a_remedy(source: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_expectation(source)
    assert caught.value.remedy
