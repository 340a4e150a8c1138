"""Small variations of a wish, as people write: a full stop, a capital, `please`, another word for `return`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from random import Random
from typing import Any

from battui.contracts.values import Value
from training.generators import generator
from training.pools import table

MOST_DISTRACTORS = 3


def phrased(intent: str, slots: Iterable[str], names: Collection[str], random: Random) -> str:
    """`intent`, said a little differently by chance. `names` (slots among them) are spelled as they are."""
    chances, words = _data()["chances"], _data()["words"]
    if random.random() < chances["swap"]:
        intent = _swapped(intent, words, random)
    if random.random() < chances["attribute"]:
        intent = _as_attributes(intent, slots)
    if random.random() < chances["polite"] and intent.split(" ")[0] in words["imperatives"]:
        intent = _politely(intent, words["polite"], random)
    if random.random() < chances["capital"] and intent.split(" ")[0].rstrip(",:;.?") not in names:
        intent = intent[:1].upper() + intent[1:]
    if random.random() < chances["stop"] and intent[-1:].isalnum():
        intent += "."
    return intent


def distractors(taken: str, random: Random) -> Mapping[str, str]:
    """Slots besides those that matter, with generators; mostly none. No name of theirs is a word in `taken`."""
    if random.random() >= _data()["chances"]["distractors"]:
        return {}
    offered: dict[str, str] = _data()["distractors"]
    words = set(re.findall(r"\w+", taken.lower()))
    free = [name for name in offered if not words & {name, f"{name}s", name.removesuffix("s")}]
    chosen = random.sample(free, random.randint(1, MOST_DISTRACTORS))
    return {name: offered[name] for name in chosen}


def mixed_in(slots: Mapping[str, Value], others: Mapping[str, str], random: Random) -> dict[str, Value]:
    """The slots with values for the others, these behind those: an object's first slots are mostly what it is for."""
    return {**slots, **{name: generator(text)(random, slots) for name, text in others.items()}}


def _swapped(intent: str, words: Mapping[str, Any], random: Random) -> str:
    for group in words["swaps"]:
        for word in group:
            if intent.startswith(f"{word} "):
                rest = intent[len(word) :]
                others = [one for one in group if one != word and _fits(one, rest, words["followed"])]
                return random.choice(others) + rest if others else intent
    return intent


def _fits(word: str, rest: str, followed: Mapping[str, list[str]]) -> bool:
    return word not in followed or any(part in rest for part in followed[word])


def _politely(intent: str, forms: list[str], random: Random) -> str:
    form = random.choice(forms)
    return intent if intent.endswith("?") else form.format(intent=intent.rstrip("."))


def _as_attributes(intent: str, slots: Iterable[str]) -> str:
    for name in slots:
        intent = re.sub(rf"(?<![\w.]){re.escape(name)}(?!\w)", f"self.{name}", intent)
    return intent


def _data() -> dict[str, Any]:
    return table("phrasing.toml")
