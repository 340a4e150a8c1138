"""Data near to that of a message: what tells apart methods that come to the same on the message itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import chain, zip_longest
from random import Random
from typing import NamedTuple

from battui.contracts.values import Value

DEEP = 4
"""Keys of a dictionary, and further items of a list, of which one at a time is varied."""


class Situation(NamedTuple):
    """The data slots of an object, and the arguments of a message to it."""

    slots: Mapping[str, Value]
    arguments: Mapping[str, Value]


def variations(near: Situation, names: Collection[str], most: int) -> list[Situation]:
    """Up to `most` situations that part from `near` in one place: an argument, or a slot that `names` has.

    Values keep their type. They become smaller, larger, zero, empty, turned round, or another one of the same
    situation: the edges at which methods differ that agree elsewhere. Always the same for the same situation.
    """
    chance = Random(repr(near))
    texts = sorted(set(_texts([*near.slots.values(), *near.arguments.values()])))
    slots = {name: value for name, value in near.slots.items() if name in names}
    places = [
        *(_slot_varied(near, name, _varied(value, texts, chance)) for name, value in slots.items()),
        *(
            _argument_varied(near, name, _varied(value, texts, chance))
            for name, value in near.arguments.items()
        ),
    ]
    # One of each place in turn, and none twice.
    turns = (found for found in chain.from_iterable(zip_longest(*places)) if found is not None)
    fresh = {repr(found): found for found in turns if repr(found) != repr(near)}
    return list(fresh.values())[:most]


def _slot_varied(near: Situation, name: str, values: Iterator[Value]) -> Iterator[Situation]:
    return (near._replace(slots={**near.slots, name: value}) for value in values)


def _argument_varied(near: Situation, name: str, values: Iterator[Value]) -> Iterator[Situation]:
    return (near._replace(arguments={**near.arguments, name: value}) for value in values)


def _varied(value: Value, texts: list[str], chance: Random) -> Iterator[Value]:
    match value:
        case bool():
            yield not value
        case int() | float():
            yield from (value + 1, value - 1, 0 * value, -value, value + 10)
        case str():
            others = [text for text in texts if text != value]
            yield from chance.sample(others, min(2, len(others)))
            yield from (value.swapcase(), "", value[::-1], value + value[:1])
        case list():
            yield from _list_varied(value, texts, chance)
        case dict():
            yield from _dict_varied(value, texts, chance)


def _list_varied(items: list[Value], texts: list[str], chance: Random) -> Iterator[Value]:
    whole: tuple[list[Value], ...] = ([], items[::-1], [*items, *items[:1]], items[1:])
    for shallow in whole:
        yield _within_list(items, texts, chance)
        yield shallow
    yield from (_within_list(items, texts, chance) for _ in range(DEEP))


def _dict_varied(entries: dict[str, Value], texts: list[str], chance: Random) -> Iterator[Value]:
    for key in chance.sample(list(entries), min(DEEP, len(entries))):
        yield {**entries, key: _drawn(entries[key], texts, chance)}
        yield {name: value for name, value in entries.items() if name != key}
    yield dict(reversed(entries.items()))


def _within_list(items: list[Value], texts: list[str], chance: Random) -> Value:
    if not items:
        return items
    place = chance.randrange(len(items))
    return [*items[:place], _drawn(items[place], texts, chance), *items[place + 1 :]]


def _drawn(value: Value, texts: list[str], chance: Random) -> Value:
    """One variation of a value, in one place however deep it is; itself where it has none."""
    match value:
        case list():
            return _within_list(value, texts, chance)
        case dict() if value:
            key = chance.choice(list(value))
            return {**value, key: _drawn(value[key], texts, chance)}
    return chance.choice([*_varied(value, texts, chance)] or [value])


def _texts(values: list[Value]) -> Iterator[str]:
    for value in values:
        match value:
            case str():
                yield value
            case list():
                yield from _texts(value)
            case dict():
                yield from _texts([*value, *value.values()])
