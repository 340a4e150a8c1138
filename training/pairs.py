"""Two families in one message: the first changes something, the second changes something else or answers.

What a small model lacks is seldom a single step. Pairs show it two at a time, in more ways than anybody could write.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from battui.contracts.errors import UsageError
from training.compositions import speaks_of_cases
from training.drawing import Member, draw_member, method_source
from training.families import Family
from training.pools import table
from training.splits import PARTS, part_of

SIGNAL = "self._p_changed = True"
MOST_PARAMETERS = 3
OFFERED = 30
"""Partners that families are offered; chance takes one of them."""


def partners(families: Iterable[Family], random: Random) -> dict[str, list[Family]]:
    """Families that can come second in a pair, some for each part of the data."""
    found: dict[str, list[Family]] = {part: [] for part in PARTS}
    for family in families:
        if _is_plain(family) and (_is_silent(family) or _only_answers(family)):
            found[part_of(family.id)].append(family)
    return {part: random.sample(some, min(OFFERED, len(some))) for part, some in found.items()}


def can_come_first(family: Family) -> bool:
    """Whether a family's methods only change something, in a straight line."""
    return _is_plain(family) and _is_silent(family)


def paired(first: Member, offered: Sequence[Family], random: Random) -> Member | None:
    """A member that does what `first` does and then what another family does; None where they do not go together."""
    if not offered:
        return None
    family = random.choice(offered)
    try:
        second = draw_member(family, random)
    except UsageError:
        return None
    intents = [_bare(member, random) for member in (first, second)]
    if family.id == first.family or not all(intents) or not _go_together(first, second):
        return None
    parameters = {**first.parameters, **second.parameters}
    return replace(
        first,
        tier=min(3, max(first.tier, second.tier) + 1),
        selector=_selector(first, second, random),
        intents=(random.choice(_data()["both"]).format(first=intents[0], second=intents[1]),),
        bodies=(_joined(first.bodies[0], second.bodies[0]),),
        slots={**first.slots, **second.slots},
        parameters=parameters,
        gives="",
        positive="",
    )


def chance() -> float:
    """How often a family that can come first does."""
    return float(_data()["chance"])


def _joined(first: str, second: str) -> str:
    """One body of two; the signal stands after the last change."""
    lines = first.split("\n")
    return "\n".join([*(lines[:-1] if SIGNAL in second else lines), second])


def _bare(member: Member, random: Random) -> str:
    """One of the intents that speak of nothing but the matter; empty where all do."""
    plain = [intent.rstrip(".") for intent in member.intents if not speaks_of_cases(intent)]
    told = [intent for intent in plain if SIGNAL in member.bodies[0] or intent.startswith(_answering_words())]
    return random.choice(told) if told else ""


def _go_together(first: Member, second: Member) -> bool:
    """Whether no name stands for two things."""
    names = [{*member.slots, *member.parameters} for member in (first, second)]
    used = [_names(member) for member in (first, second)]
    few = len(first.parameters) + len(second.parameters) <= MOST_PARAMETERS
    return few and not names[0] & used[1] and not names[1] & used[0] and not _stored(first) & _stored(second)


def _names(member: Member) -> set[str]:
    tree = ast.parse(method_source("method", (), member.bodies[0]))
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    words = {form for forms in member.words.values() for form in forms}
    return {*read, *words, *member.slots, *member.parameters}


def _stored(member: Member) -> set[str]:
    tree = ast.parse(method_source("method", (), member.bodies[0]))
    return {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _selector(first: Member, second: Member, random: Random) -> str:
    names = [member.selector.rstrip("_") for member in (first, second)]
    name = "_and_".join(names) if random.random() < 0.5 else names[0]
    taken = name in first.slots or name in second.slots
    name = f"{name}_now" if taken else name
    return f"{name}_" if first.parameters or second.parameters else name


def _is_plain(family: Family) -> bool:
    body = family.bodies[0]
    return family.tier < 3 and len(family.parameters) < MOST_PARAMETERS and "raise" not in body


def _is_silent(family: Family) -> bool:
    body = family.bodies[0]
    return body.endswith(f"\n{SIGNAL}") and body.count("_p_changed") == 1 and "return" not in body


def _only_answers(family: Family) -> bool:
    body = family.bodies[0]
    last = body.rpartition("\n")[2]
    return "_p_changed" not in body and body.count("return") == 1 and last.startswith("return ")


def _answering_words() -> tuple[str, ...]:
    words: list[str] = table("compositions.toml")["clauses"]["returns"]
    return tuple(words)


def _data() -> Mapping[str, Any]:
    data: dict[str, Any] = table("compositions.toml")["pairs"]
    return data
