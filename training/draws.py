"""The generators of values from nothing: each function makes what draws a value of its kind."""

from __future__ import annotations

import copy
import datetime
import json
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, TypeAlias

from battui.contracts.values import Value
from training.pools import pools

Drawn: TypeAlias = Mapping[str, Value]
Draw: TypeAlias = Callable[[Random, Drawn], Value]

ATTEMPTS = 60
"""How often something is drawn again that is not distinct."""
EDGE = 0.12
"""How often a bound is drawn on purpose: methods go wrong at the edges."""


class Undrawable(Exception):
    """Nothing can be drawn, given what was drawn before: an element of a list that is empty."""


def whole(low: int, high: int) -> Draw:
    """A whole number from `low` to `high`."""
    _require(_are(int, low, high) and low <= high, "int(lo, hi) takes two whole numbers, the smaller first")
    return lambda random, _: (
        random.choice((low, high)) if random.random() < EDGE else random.randint(low, high)
    )


def fraction(low: float, high: float, digits: int = 1) -> Draw:
    """A number with a point."""
    _require(
        _are(int | float, low, high) and low <= high, "float(lo, hi) takes two numbers, the smaller first"
    )
    return lambda random, _: round(float(random.uniform(low, high)), digits)


def truth() -> Draw:
    """True or False."""
    return lambda random, _: random.random() < 0.5


def choice(*values: Value | Draw) -> Draw:
    """One of some values or generators."""
    _require(bool(values), "choice(...) takes the values to choose from")
    return lambda random, drawn: _value(random.choice(values), random, drawn)


def const(value: Value) -> Draw:
    """Always the same value."""
    json.dumps(value)
    return lambda *_: copy.deepcopy(value)


def word_of(words: Sequence[str]) -> Callable[[], Draw]:
    """The generator of a word pool."""

    def word() -> Draw:
        return lambda random, _: random.choice(words)

    return word


def code() -> Draw:
    """Two capitals and two digits."""
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    return lambda random, _: "".join(random.choices(letters, k=2)) + f"{random.randrange(100):02}"


def email() -> Draw:
    """An address that nobody has."""
    return lambda random, _: f"{random.choice(pools()['person']).lower()}@{random.choice(pools()['host'])}"


def text(low: int, high: int) -> Draw:
    """A lower-case phrase of `low` to `high` words."""
    _require(_are(int, low, high) and 0 <= low <= high, "it takes the fewest and the most words")
    return lambda random, _: " ".join(random.choices(pools()["phrase"], k=random.randint(low, high)))


def sentence(low: int, high: int) -> Draw:
    """A phrase with a capital first letter and a full stop."""
    phrase = text(low, high)
    return lambda random, drawn: str(phrase(random, drawn)).capitalize() + "."


def title(low: int, high: int) -> Draw:
    """A phrase in which every word has a capital first letter."""
    phrase = text(low, high)
    return lambda random, drawn: str(phrase(random, drawn)).title()


def date() -> Draw:
    """A day as `2024-05-17`."""
    first = datetime.date(2022, 1, 1)
    return lambda random, _: (first + datetime.timedelta(days=random.randrange(1826))).isoformat()


def clock() -> Draw:
    """A time of day as `09:30`."""
    return lambda random, _: f"{random.randrange(24):02}:{random.choice((0, 5, 15, 30, 45, 59)):02}"


def many(low: int, high: int, each: Draw) -> Draw:
    """A list."""
    length = _length(low, high, each)
    return lambda random, drawn: [each(random, drawn) for _ in range(length(random))]


def distinct(low: int, high: int, each: Draw) -> Draw:
    """A list in which nothing is twice."""
    length = _length(low, high, each)
    return lambda random, drawn: _distinct(length(random), low, each, random, drawn)


def ascending(low: int, high: int, each: Draw) -> Draw:
    """A sorted list."""
    length = _length(low, high, each)

    def draw(random: Random, drawn: Drawn) -> Value:
        values: list[Any] = [each(random, drawn) for _ in range(length(random))]
        return sorted(values)

    return draw


def mapping(low: int, high: int, key: Draw, each: Draw) -> Draw:
    """A dictionary with distinct keys, which are texts."""
    length = _length(low, high, key)
    _require(callable(each), "its values are drawn by a generator")

    def draw(random: Random, drawn: Drawn) -> Value:
        keys = _distinct(length(random), low, key, random, drawn)
        return {str(one): each(random, drawn) for one in keys}

    return draw


def record(**fields: Draw) -> Draw:
    """A dictionary with these keys."""
    _require(
        bool(fields) and all(map(callable, fields.values())), "record(name=generator, ...) takes generators"
    )
    return lambda random, drawn: {name: each(random, drawn) for name, each in fields.items()}


def maybe(each: Draw) -> Draw:
    """None one time in four."""
    _require(callable(each), "maybe(...) takes a generator")
    return lambda random, drawn: None if random.random() < 0.25 else each(random, drawn)


def mixed(mostly: Draw, otherwise: Draw) -> Draw:
    """Three times in four the first, else the second; the second, too, where the first has nothing to draw."""
    _require(callable(mostly) and callable(otherwise), "mixed(...) takes two generators")

    def draw(random: Random, drawn: Drawn) -> Value:
        if random.random() < 0.75:
            try:
                return mostly(random, drawn)
            except Undrawable:
                pass
        return otherwise(random, drawn)

    return draw


def _length(low: int, high: int, each: Draw) -> Callable[[Random], int]:
    _require(_are(int, low, high) and 0 <= low <= high, "it takes the fewest and the most entries first")
    _require(callable(each), "its entries are drawn by a generator")
    return lambda random: low if random.random() < EDGE else random.randint(low, high)


def _distinct(count: int, fewest: int, each: Draw, random: Random, drawn: Drawn) -> list[Value]:
    found: list[Value] = []
    for _ in range(ATTEMPTS + count):
        if len(found) == count:
            break
        value = each(random, drawn)
        if value not in found:
            found.append(value)
    if len(found) < fewest:
        raise Undrawable(f"there are no {fewest} distinct values")
    return found


def _value(value: Value | Draw, random: Random, drawn: Drawn) -> Value:
    return value(random, drawn) if callable(value) else copy.deepcopy(value)


def _are(kind: Any, *values: object) -> bool:
    return all(isinstance(value, kind) and not isinstance(value, bool) for value in values)


def _require(condition: bool, words: str) -> None:
    if not condition:
        raise ValueError(words)
