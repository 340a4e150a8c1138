"""From a family to one of its members: words drawn for its placeholders, and situations drawn for its methods."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from random import Random

from battui.contracts.errors import UsageError
from battui.contracts.values import Value
from training.draws import Draw, Undrawable
from training.families import Family
from training.generators import GeneratorFault, generator
from training.placeholders import Forms, NoSuchWord, filled, placeholders

ATTEMPTS = 40


@dataclass(frozen=True, slots=True)
class Situation:
    """What an object holds when the message comes, and what the message carries."""

    slots: dict[str, Value]
    arguments: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Member:
    """A family with one choice of words. `slots` and `parameters` go from names to generators' expressions."""

    family: str
    tier: int
    where: str
    words: Mapping[str, Forms]
    selector: str
    intents: tuple[str, ...]
    bodies: tuple[str, ...]
    slots: Mapping[str, str]
    parameters: Mapping[str, str]
    gives: str = ""
    gives_word: str = ""
    positive: str = ""
    refuses: bool = False


def draw_member(family: Family, random: Random) -> Member:
    """Draw a selector and a word for every placeholder, no word twice; raises UsageError."""
    words = _words(family, random)
    fill = _filler(family, words)
    return Member(
        family=family.id,
        tier=family.tier,
        where=family.where,
        words=words,
        selector=fill("selectors", random.choice(family.selectors)),
        intents=tuple(fill("intents", intent) for intent in family.intents),
        bodies=tuple(fill("bodies", body) for body in family.bodies),
        slots={fill("slots", name): fill("slots", text) for name, text in family.slots.items()},
        parameters={
            fill("parameters", name): fill("parameters", text) for name, text in family.parameters.items()
        },
        gives=fill("gives", family.gives),
        gives_word=fill("gives_word", family.gives_word),
        positive=fill("positive", family.positive),
        refuses=family.refuses,
    )


def draw_situation(member: Member, random: Random) -> Situation:
    """Draw slots, then arguments; raises UsageError where nothing can be drawn."""
    slots = _draws(member, "slots", member.slots)
    arguments = _draws(member, "parameters", member.parameters)
    reason = ""
    for _ in range(ATTEMPTS):
        drawn: dict[str, Value] = {}
        try:
            for name, draw in (*slots.items(), *arguments.items()):
                drawn[name] = draw(random, drawn)
        except Undrawable as fault:
            reason = str(fault)
        except (TypeError, KeyError, ValueError) as fault:
            raise UsageError(f"a generator fails: {fault}", about=member.where, remedy="Mend it.") from None
        else:
            return Situation({name: drawn[name] for name in slots}, {name: drawn[name] for name in arguments})
    remedy = "Let the slots that others depend on have at least one entry, or write mixed(..., ...)."
    raise UsageError(f"its generators find nothing to draw: {reason}", about=member.where, remedy=remedy)


def method_source(selector: str, parameters: Iterable[str], body: str) -> str:
    """The whole method: its `def` line and the body, indented."""
    return f"def {selector}({', '.join(('self', *parameters))}):\n{indented(body)}"


def indented(body: str) -> str:
    """A body as it stands below its `def` line."""
    return textwrap.indent(body, "    ")


def _words(family: Family, random: Random) -> dict[str, Forms]:
    for _ in range(ATTEMPTS):
        words = {name: random.choice(pool) for name, pool in family.words.items()}
        if len({forms[0] for forms in words.values()}) == len(words):
            return words
    raise UsageError(
        "words: the pools have too little that is not in each other",
        about=family.where,
        remedy="Give each pool words of its own.",
    )


def _filler(family: Family, words: Mapping[str, Forms]) -> Callable[[str, str], str]:
    def fill(field: str, text: str) -> str:
        try:
            return filled(text, words)
        except NoSuchWord as fault:
            named = ", ".join(sorted(placeholders([text])))
            raise UsageError(
                f"{field}: {fault}", about=family.where, remedy=f"Give `words` a pool for each of: {named}."
            ) from None

    return fill


def _draws(member: Member, field: str, expressions: Mapping[str, str]) -> dict[str, Draw]:
    try:
        return {name: generator(text) for name, text in expressions.items()}
    except GeneratorFault as fault:
        raise UsageError(
            f"{field}: {fault}", about=member.where, remedy="See the list of generators."
        ) from None
