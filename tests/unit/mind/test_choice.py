"""Which candidate becomes the method."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.mind.choice import Candidate, best, distinct

SOUND = Candidate(0, "def m(self):\n    return 1", "t0", accepted=True, ran=True, outcome="1")


def sound(index: int, **fields: Any) -> Candidate:
    return replace(SOUND, index=index, tree_hash=f"t{index}", **fields)


@pytest.mark.parametrize(
    ("candidates", "chosen"),
    [
        ([], None),
        ([sound(0, accepted=False), sound(1, ran=False), sound(2, met=False)], None),
        ([sound(0, met=False), sound(1, met=True)], 1),
        ([sound(0, outcome="a"), sound(1, outcome="b"), sound(2, outcome="b")], 1),
        ([sound(0, outcome="a"), sound(1, outcome="b", votes=2)], 1),
        ([sound(0, outcome="", votes=9), sound(1, outcome="a")], 1),
        ([sound(0, conduct="a"), sound(1, conduct="b"), sound(2, conduct="b")], 1),
        ([sound(0, conduct="a"), sound(3, conduct="b"), sound(1), sound(2), sound(4, conduct="b")], 1),
        ([sound(0, outcome="a"), sound(1, outcome="b", ran=False), sound(2, outcome="b")], 0),
        ([sound(0, source="x" * 9), sound(1, source="x" * 5)], 0),
        ([sound(1), sound(0)], 0),
        ([sound(0, met=True, outcome="", source="xxx"), sound(1, met=None, votes=9)], 0),
    ],
    ids=[
        "no candidate",
        "no survivor",
        "a met expectation",
        "agreement of outcomes",
        "agreement counts votes",
        "doing nothing never beats doing something",
        "agreement beyond the message",
        "the likelier of two pairs",
        "one likelier voice against one",
        "the earlier source, not the shorter",
        "the lower index",
        "a met expectation that changes nothing",
    ],
)
def test_best(candidates: list[Candidate], chosen: int | None) -> None:
    found = best(candidates)
    assert (found.index if found else None) == chosen


def test_distinct_keeps_the_first_of_equal_trees_and_adds_their_votes() -> None:
    twin = replace(sound(1), tree_hash="t0", source="def m(self):\n    # the same\n    return 1")
    broken, other = Candidate(2, "def m(self:"), Candidate(3, "def m(")
    found = distinct([SOUND, twin, broken, other])
    assert [(candidate.index, candidate.votes) for candidate in found] == [(0, 2), (2, 1), (3, 1)]


@given(
    st.lists(
        st.builds(
            Candidate,
            index=st.integers(0, 9),
            source=st.text(max_size=5),
            accepted=st.booleans(),
            ran=st.booleans(),
            met=st.none() | st.booleans(),
            outcome=st.sampled_from(["", "a", "b"]),
        ),
        max_size=6,
        # A mission numbers its candidates on.
        unique_by=lambda candidate: candidate.index,
    )
)
def test_the_choice_is_a_survivor_and_does_not_depend_on_the_order(candidates: list[Candidate]) -> None:
    found = best(candidates)
    assert (found is None) == (not any(candidate.survived for candidate in candidates))
    if found is not None:
        again = best(candidates[::-1])
        assert found.survived
        assert again is not None
        assert again.index == found.index
