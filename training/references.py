"""The generators of values that refer to what was drawn before: an element of that list, a number near that one."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from random import Random

from battui.contracts.values import Value
from training.draws import Draw, Drawn, Undrawable
from training.pools import pools


def item_of(name: str | Draw) -> Draw:
    """An element of a list that was drawn before."""
    return lambda random, drawn: _one(random, _entries(_seen(name, random, drawn)))


def key_of(name: str | Draw) -> Draw:
    """A key of a dictionary that was drawn before."""
    return lambda random, drawn: _one(random, list(_dictionary(_seen(name, random, drawn))))


def value_of(name: str | Draw) -> Draw:
    """A value of a dictionary that was drawn before."""
    return lambda random, drawn: _one(random, list(_dictionary(_seen(name, random, drawn)).values()))


def field_of(name: str | Draw, field: str) -> Draw:
    """That field of one of the records that were drawn before."""

    def draw(random: Random, drawn: Drawn) -> Value:
        one = _dictionary(_one(random, _entries(_seen(name, random, drawn))))
        if field not in one:
            raise Undrawable(f"a record has no {field!r}")
        return copy.deepcopy(one[field])

    return draw


def index_of(name: str | Draw) -> Draw:
    """A place in a list that was drawn before."""

    def draw(random: Random, drawn: Drawn) -> Value:
        return int(str(_one(random, list(range(len(_entries(_seen(name, random, drawn))))))))

    return draw


def near(name: str | float | Draw, most: int) -> Draw:
    """A number at most `most` away from one that was drawn before, or from a given one; often that very number."""

    def draw(random: Random, drawn: Drawn) -> Value:
        number = _number(name, random, drawn)
        away = 0 if random.random() < 0.2 else random.randint(-most, most)
        return number + away if isinstance(number, int) else round(number + away, 2)

    return draw


def stranger_to(name: str | Draw) -> Draw:
    """What a list or dictionary that was drawn before does not hold, of the kind that it holds."""

    def draw(random: Random, drawn: Drawn) -> Value:
        held = _seen(name, random, drawn)
        entries = list(held) if isinstance(held, dict) else _entries(held)
        if any(isinstance(entry, int | float) for entry in entries):
            return random.randint(900, 999)
        return _one(random, [word for word in pools()["noun"] if word not in entries])

    return draw


def _seen(name: str | Draw, random: Random, drawn: Drawn) -> Value:
    if callable(name):
        return name(random, drawn)
    if name not in drawn:
        raise KeyError(f"{name!r} is no slot or parameter that was drawn before")
    return drawn[name]


def _number(name: str | float | Draw, random: Random, drawn: Drawn) -> int | float:
    if isinstance(name, int | float):
        return name
    if isinstance(name, str) and name.removeprefix("-").isdecimal():
        return int(name)
    value = _seen(name, random, drawn)
    if not isinstance(value, int | float):
        raise TypeError(f"near(...) needs a number, and {name!r} is {value!r}")
    return value


def _entries(value: Value) -> list[Value]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, str):
        return list(value)
    raise TypeError(f"{value!r} has no entries")


def _dictionary(value: Value) -> dict[str, Value]:
    if isinstance(value, dict):
        return value
    raise TypeError(f"{value!r} is no dictionary")


def _one(random: Random, values: Sequence[Value]) -> Value:
    if not values:
        raise Undrawable("there is nothing to choose from")
    return copy.deepcopy(random.choice(values))
