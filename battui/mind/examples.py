"""The worked examples that battui ships, and the choice of those nearest to a brief."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from battui.contracts.values import Value
from battui.mind.briefs import MethodBrief, WorkedExample

_WORD = re.compile(r"[a-z_]+|\d+")


def shipped_examples() -> tuple[WorkedExample, ...]:
    """Return the worked examples of methods, in the order of their file."""
    return _examples("examples.toml")


def facet_examples() -> tuple[WorkedExample, ...]:
    """Return the worked examples of cognitive facets, in the order of their file."""
    return _examples("facet_examples.toml")


@cache
def _examples(file: str) -> tuple[WorkedExample, ...]:
    text = (files("battui.mind.prompts") / file).read_text(encoding="utf-8")
    return tuple(
        WorkedExample(
            selector=entry["selector"],
            parameters=tuple(entry["parameters"]),
            slots=entry["slots"],
            intent=entry["intent"],
            source=entry["source"].strip("\n"),
            arguments=entry.get("arguments", {}),
            core=entry.get("core", False),
        )
        for entry in tomllib.loads(text)["example"]
    )


def nearest(brief: MethodBrief, examples: Sequence[WorkedExample], count: int) -> tuple[WorkedExample, ...]:
    """Return the `count` examples nearest to `brief`, the nearest last: a small model heeds what it read last.

    Nearness is the weight of the common features (words of selector and intent, names and shapes of slots and
    parameters), less a part of the weight of what the example has besides; a feature weighs less the more
    examples have it. Ties fall to the earlier example.
    """
    wanted = _features(brief.selector, brief.intent, brief.slots, brief.arguments)
    rarity = _rarity(examples)
    scored = [
        (-_overlap(wanted, _example_features(example), rarity), place)
        for place, example in enumerate(examples)
    ]
    return tuple(examples[place] for _, place in reversed(sorted(scored)[:count]))


def _overlap(wanted: frozenset[str], offered: frozenset[str], rarity: Mapping[str, float]) -> float:
    common = sum(rarity.get(feature, 0.0) for feature in wanted & offered)
    apart = sum(rarity.get(feature, 0.0) for feature in offered - wanted)
    return common - 0.6 * apart


def _rarity(examples: Sequence[WorkedExample]) -> dict[str, float]:
    frequency: dict[str, int] = {}
    for example in examples:
        for feature in _example_features(example):
            frequency[feature] = frequency.get(feature, 0) + 1
    return {feature: 1.0 / count**0.5 for feature, count in frequency.items()}


def _example_features(example: WorkedExample) -> frozenset[str]:
    return _features(example.selector, example.intent, example.slots, example.arguments)


def _features(
    selector: str, intent: str, slots: Mapping[str, Value], arguments: Mapping[str, Value]
) -> frozenset[str]:
    """What the intent does with what: words of one meaning are one, names are replaced by their shapes."""
    shapes = {name.lower(): _shape(value) for name, value in [*slots.items(), *arguments.items()]}
    words = [shapes.get(word) or _meaning(word) for word in _words(intent)]
    telling = [word for word in words if word and (word.startswith("<") or word not in _stop_words())]
    pairs = (f"{first} {second}" for first, second in itertools.pairwise(telling))
    kinds = (f"slot:{_shape(value)}" for value in slots.values())
    selected = (_meaning(word) for word in _words(selector))
    named = (f"name:{name}" for name in shapes)
    return frozenset({*telling, *pairs, *kinds, *named, f"arguments:{len(arguments)}", *selected})


def _words(text: str) -> Iterator[str]:
    return (match.group() for match in _WORD.finditer(text.lower()))


def _meaning(word: str) -> str:
    return _meanings().get(word, word)


@cache
def _meanings() -> Mapping[str, str]:
    return {word: group[0] for group in _synonyms()["groups"] for word in group}


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(_synonyms()["stop"])


@cache
def _synonyms() -> dict[str, list[Any]]:
    return tomllib.loads((files("battui.mind.prompts") / "synonyms.toml").read_text(encoding="utf-8"))


def _shape(value: Value) -> str:
    if isinstance(value, list):
        return "<records>" if value and isinstance(value[0], dict) else "<list>"
    if isinstance(value, bool):
        return "<flag>"
    return "<number>" if isinstance(value, int | float) else f"<{type(value).__name__}>"
