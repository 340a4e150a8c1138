"""Which adapters a tier holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.kernel.experts.residency import Residency

SIZES = {"a": 4, "b": 4, "c": 4, "d": 4, "huge": 40}
NAMES = st.sampled_from(sorted(SIZES))


def holding(*names: str, budget: int = 10) -> Residency:
    tier = Residency(budget)
    tier.settle(names, SIZES)
    return tier


@pytest.mark.parametrize(
    ("held", "wanted", "pins", "hints", "chosen"),
    [
        ((), (), (), (), ()),
        ((), ("a",), (), ("b", "c"), ("a", "b")),
        (("a", "b"), ("c",), (), (), ("c", "b")),
        (("a", "b"), ("c", "d"), (), (), ("c", "d")),
        (("a", "b"), ("c", "d"), ("a",), (), ("c", "a")),
        (("a", "b"), ("c",), ("a", "b"), (), ("c", "a")),
        (("a",), ("huge",), (), (), ("a",)),
        (("a",), ("unknown", "b"), (), (), ("b", "a")),
        ((), (), ("huge", "a"), (), ("a",)),
    ],
)
def test_who_is_in_a_tier(
    held: tuple[str, ...],
    wanted: tuple[str, ...],
    pins: tuple[str, ...],
    hints: tuple[str, ...],
    chosen: tuple[str, ...],
) -> None:
    assert holding(*held).choose(wanted, SIZES, pins=pins, hints=hints) == chosen


def test_the_least_recently_used_goes_first() -> None:
    tier = holding("a", "b")
    tier.touch("a")

    assert tier.choose(("c",), SIZES) == ("c", "a")


def test_what_is_dropped_frees_its_bytes() -> None:
    tier = holding("a", "b")
    assert tier.bytes == 8

    tier.drop("a")
    tier.drop("never there")

    assert (dict(tier.held), tier.bytes) == ({"b": 4}, 4)


@given(
    rounds=st.lists(st.tuples(st.lists(NAMES, unique=True), NAMES), max_size=12),
    pins=st.lists(NAMES, unique=True),
    budget=st.integers(0, 50),
)
def test_the_budget_holds_and_the_first_that_is_wanted_is_served(
    rounds: list[tuple[list[str], str]], pins: list[str], budget: int
) -> None:
    tier = Residency(budget)
    for wanted, used in rounds:
        tier.touch(used)
        chosen = tier.choose(wanted, SIZES, pins=pins, hints=sorted(SIZES))
        tier.settle(chosen, SIZES)

        assert tier.bytes <= budget
        assert len(set(chosen)) == len(chosen)
        assert not wanted or wanted[0] in chosen or SIZES[wanted[0]] > budget
