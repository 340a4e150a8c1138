"""How the tables of this folder are read: a method as it is written, and as the guardian makes it."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from battui.contracts.review import Review
from battui.guardian import review

Reviewer = Callable[[str], Review]


@pytest.fixture
def accepts() -> Reviewer:
    """Assert that a method is accepted as it is."""

    def check(source: str) -> Review:
        verdict = review(dedent(source).lstrip("\n"), repair=False)
        assert verdict.accepted, [str(finding) for finding in verdict.findings]
        return verdict

    return check


@pytest.fixture
def refuses() -> Reviewer:
    """Assert that a method is refused by the covenant alone, and return what was said."""

    def check(source: str) -> Review:
        verdict = review(dedent(source).lstrip("\n"), repair=False)
        assert not verdict.accepted
        assert {finding.rule for finding in verdict.errors} == {"covenant"}
        return verdict

    return check


@pytest.fixture
def repairs() -> Callable[[str, str], None]:
    """Assert that a method is refused as it is, and what repair makes of it."""

    def check(before: str, after: str) -> None:
        source, expected = (dedent(text).lstrip("\n") for text in (before, after))
        assert not review(source, repair=False).accepted
        verdict = review(source)
        assert verdict.source == expected
        assert verdict.accepted, [str(finding) for finding in verdict.findings]
        assert verdict.repaired
        again = review(verdict.source)
        assert (again.accepted, again.repaired, again.source) == (True, False, expected)

    return check
