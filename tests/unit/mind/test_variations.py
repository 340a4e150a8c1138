"""Situations near to a message's: what methods that pass alike are compared on."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.contracts.values import MAX_DEPTH, Ref, storable
from battui.mind.variations import Situation, variations

NEAR = Situation({"levels": [3, 9], "owner": "Ida"}, {"least": 4})
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.integers(1, 9).map(Ref)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)
SLOTS = st.dictionaries(st.text("abc", min_size=1, max_size=2), VALUES, max_size=4)
SITUATIONS = st.builds(Situation, SLOTS, SLOTS)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (True, [False]),
        (5, [6, 4, 0, -5, 15]),
        (2.5, [3.5, 1.5, 0.0, -2.5, 12.5]),
        ("Ab", ["aB", "", "bA", "AbA"]),
        ([], [[]]),
        (None, []),
        (Ref(7), []),
    ],
)
def test_a_value_becomes_others_of_its_type(value: Any, wanted: list[Any]) -> None:
    found = variations(Situation({}, {"given": value}), (), 99)
    assert [varied.arguments["given"] for varied in found] == [each for each in wanted if each != value]


def test_texts_become_each_other() -> None:
    near = Situation({"owner": "Ida", "guests": ["Ben"]}, {"name": "Vera"})
    named = {varied.arguments["name"] for varied in variations(near, (), 99)}
    assert {"Ida", "Ben"} <= named


def test_lists_lose_gain_and_change_items_and_so_do_dictionaries() -> None:
    lists: list[Any] = [varied.slots["levels"] for varied in variations(NEAR, {"levels"}, 99)]
    assert all(wanted in lists for wanted in ([], [9], [9, 3], [3, 9, 3]))
    assert any(len(each) == 2 and sorted(each) != [3, 9] for each in lists)
    entry = Situation({"stock": {"nut": 1, "bolt": 2}}, {})
    entries: list[Any] = [varied.slots["stock"] for varied in variations(entry, {"stock"}, 99)]
    assert all(wanted in entries for wanted in ({"nut": 1}, {"bolt": 2}))
    assert [list(each) for each in entries if each == entry.slots["stock"]] == [["bolt", "nut"]]


def test_only_what_is_named_is_varied_and_every_place_has_its_turn() -> None:
    first, second = variations(NEAR, {"levels"}, 2)
    assert (first.arguments == NEAR.arguments, second.slots == NEAR.slots) == (True, True)
    assert all(varied.slots["owner"] == "Ida" for varied in variations(NEAR, {"levels"}, 99))


def test_deep_values_are_varied_in_one_place_and_soon() -> None:
    deep: Any = 1
    for _ in range(MAX_DEPTH - 1):
        deep = [deep, {"a": 1, "b": deep}] if isinstance(deep, int) else [deep]
    assert variations(Situation({}, {"deep": deep}), (), 12)


@given(SITUATIONS, st.integers(0, 20))
def test_each_parts_from_the_message_in_one_place(near: Situation, most: int) -> None:
    before = copy.deepcopy(near)
    found = variations(near, near.slots, most)
    assert near == before
    assert found == variations(near, near.slots, most)
    assert len(found) <= most
    assert len({repr(varied) for varied in found}) == len(found)
    for varied in found:
        places = [(near.slots, varied.slots), (near.arguments, varied.arguments)]
        changed = [
            (old[name], new[name])
            for old, new in places
            for name in old
            if repr(old[name]) != repr(new[name])
        ]
        assert [(old.keys(), type(old)) == (new.keys(), type(new)) for old, new in places] == [True, True]
        ((old, new),) = changed
        assert type(old) is type(new)
        storable(new)
