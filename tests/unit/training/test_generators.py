"""The language of generators: what its expressions draw, and what is said of those that are none."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.contracts.values import Value, storable
from training.draws import Undrawable
from training.generators import GeneratorFault, generator

DRAWN: dict[str, Value] = {
    "stock": {"bolt": 3, "nut": 0},
    "names": ["Ada", "Bo"],
    "people": [{"name": "Ada", "age": 3}],
    "limit": 20,
    "empty": [],
}
EXPRESSIONS = [
    "int(0, 9)", "int(-5, -2)", "float(0, 2, digits=2)", "bool()", "choice('a', 3, int(5, 6))",
    "const([1, {'a': 2}])",
    "person()", "city()", "fruit()", "animal()", "colour()", "noun()", "tag()", "product()", "weekday()", "month()",
    "subject()", "verb()", "letter()", "code()", "email()", "text(0, 3)", "sentence(1, 4)", "title(1, 2)", "date()",
    "clock()", "many(0, 4, int(1, 2))", "distinct(2, 3, fruit())", "ascending(0, 5, int(0, 9))",
    "mapping(1, 3, person(), record(age=int(1, 9), tags=many(0, 2, tag())))", "maybe(city())",
    "mixed(key_of('stock'), fruit())", "item_of('names')", "key_of('stock')", "value_of('stock')",
    "field_of('people', 'name')", "index_of('names')", "near('limit', 5)", "near(3, 1)", "near('25', 2)",
    "item_of(const([1, 2]))", "stranger_to('names')", "stranger_to('stock')",
]  # fmt: skip
REFUSED = [
    ("open('x')", "there is no generator open"),
    ("int.__class__(1)", "there is no generator int.__class__"),
    ("int(0", "is no expression"),
    ("7", "write const(7)"),
    ("int(9, 0)", "int(lo, hi)"),
    ("int(1)", "int:"),
    ("many(1, 2, 3)", "its entries are drawn by a generator"),
    ("record(a=3)", "record(name=generator"),
    ("choice(x)", "x is neither a literal nor a generator"),
    ("const(1 + 1)", "neither a literal"),
    ("record(**{'a': 1})", "record: write name=generator"),
    ("[int(0, 1) for _ in 'ab']", "neither a literal"),
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
@given(seed=st.integers(0, 10**6))
def test_what_is_drawn_can_be_kept_and_comes_again_with_its_seed(expression: str, seed: int) -> None:
    draw = generator(expression)

    value = draw(Random(seed), DRAWN)

    assert storable(value) == value
    assert json.loads(json.dumps(value)) == value
    assert draw(Random(seed), DRAWN) == value


@pytest.mark.parametrize(("expression", "words"), REFUSED)
def test_what_is_no_generator_is_refused_with_a_reason(expression: str, words: str) -> None:
    with pytest.raises(GeneratorFault) as refused:
        generator(expression)
    assert words in str(refused.value)


@given(low=st.integers(-50, 50), more=st.integers(0, 50), seed=st.integers())
def test_whole_numbers_lie_between_their_bounds(low: int, more: int, seed: int) -> None:
    value = generator(f"int({low}, {low + more})")(Random(seed), {})

    assert isinstance(value, int)
    assert low <= value <= low + more


@given(seed=st.integers())
def test_lists_are_as_long_sorted_and_distinct_as_asked(seed: int) -> None:
    random = Random(seed)
    many = generator("many(1, 4, int(0, 3))")(random, {})
    ascending = generator("ascending(0, 6, int(0, 50))")(random, {})
    distinct = generator("distinct(3, 5, int(0, 9))")(random, {})

    assert isinstance(many, list)
    assert 1 <= len(many) <= 4
    assert isinstance(ascending, list)
    assert ascending == sorted(ascending, key=lambda number: int(str(number)))
    assert isinstance(distinct, list)
    assert len(set(map(str, distinct))) == len(distinct) >= 3


@given(seed=st.integers())
def test_what_depends_on_other_values_is_taken_from_them(seed: int) -> None:
    random = Random(seed)

    assert generator("item_of('names')")(random, DRAWN) in ("Ada", "Bo")
    assert generator("key_of('stock')")(random, DRAWN) in ("bolt", "nut")
    assert generator("index_of('names')")(random, DRAWN) in (0, 1)
    assert generator("stranger_to('names')")(random, DRAWN) not in ("Ada", "Bo")
    near = generator("near('limit', 5)")(random, DRAWN)
    assert isinstance(near, int)
    assert 15 <= near <= 25


def test_what_is_drawn_never_shares_anything_with_where_it_came_from() -> None:
    constant = generator("const([1])")
    first = constant(Random(1), {})
    assert isinstance(first, list)
    first.append(2)

    assert constant(Random(1), {}) == [1]


@pytest.mark.parametrize("expression", ["item_of('empty')", "index_of('empty')", "distinct(3, 3, bool())"])
def test_where_nothing_can_be_drawn_it_is_said(expression: str) -> None:
    with pytest.raises(Undrawable):
        generator(expression)(Random(1), DRAWN)


def test_mixed_falls_back_where_the_first_has_nothing() -> None:
    draw = generator("mixed(item_of('empty'), const(5))")

    assert {draw(Random(seed), DRAWN) for seed in range(20)} == {5}
