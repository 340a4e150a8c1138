"""A case in the words of an expectation, and what cannot be said there."""

from __future__ import annotations

import pytest

from battui.cli.bench.expectations import expectation_of
from battui.contracts.cases import case_from

SAID = [
    ({"slots": {"a": 1}, "after": {"a": 2}}, "self.a == 2", ()),
    ({"slots": {"a": 1}, "result": None}, "result == None and self.a == 1", ()),
    ({"slots": {"a": 1}, "after": {}, "result": [1, "x'"]}, 'result == [1, "x\'"]', ("a",)),
    ({"slots": {"a": -0.5}, "result": {"k": [True]}}, "result == {'k': [True]} and self.a == -0.5", ()),
    ({"slots": {"a": "__x__", "b": 1}, "result": 3}, "result == 3 and self.b == 1", ("a",)),
    ({"slots": {"a": 10**400, "b": 1}, "after": {"a": 10**400, "b": 1}}, "self.b == 1", ("a",)),
    ({"slots": {"a": "x" * 100_000}, "result": 3}, "result == 3", ("a",)),
    ({"slots": {}, "raises": "ValueError"}, "", ()),
]


@pytest.mark.parametrize(("entry", "text", "left_out"), SAID)
def test_what_can_be_spelled_is_said(entry: object, text: str, left_out: tuple[str, ...]) -> None:
    assert expectation_of(case_from(entry, "case 0", "here")) == (text, left_out)
