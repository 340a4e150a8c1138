"""Faults that show in the text of a family, or of a member of it, before anything is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from battui.contracts.errors import BattuiError
from battui.contracts.offered import offered
from battui.contracts.values import check_name
from training.drawing import Member, method_source
from training.families import FEWEST_INTENTS, Family
from training.placeholders import placeholders

FEWEST_WORDS = 4
UNDERSTOOD = frozenset({"clone", "new", "infer_", "doesNotUnderstand_"})
"""Selectors that every object of an image understands already."""


def text_faults(family: Family) -> Iterator[tuple[str, bool]]:
    """What is wrong with the family's text, and whether that is only advice."""
    if len(family.intents) < FEWEST_INTENTS:
        yield f"intents: there are {len(family.intents)}, and {FEWEST_INTENTS} are the fewest", False
    for name in ("intents", "bodies", "selectors"):
        texts = getattr(family, name)
        if len(set(texts)) < len(texts):
            yield f"{name}: one stands there twice", False
    yield from _pool_faults(family)
    if not family.refuses:
        yield from _unsaid(family)


def member_faults(member: Member) -> Iterator[str]:
    """What is wrong with one choice of words."""
    yield from _name_faults(member)
    if member.selector.endswith("_") != bool(member.parameters):
        yield f"selectors: {member.selector!r} ends in an underscore where there are parameters, and only there"
    if member.selector in member.slots or member.selector in UNDERSTOOD:
        yield f"selectors: {member.selector!r} is taken by a slot, or understood by every object"
    if member.positive and member.positive not in member.parameters:
        yield f"positive: {member.positive!r} is no parameter"
    if member.gives and not member.gives_word:
        yield "gives: it needs a gives_word"
    for number, body in enumerate(member.bodies, start=1):
        yield from _body_faults(member, number, body)


def _pool_faults(family: Family) -> Iterator[tuple[str, bool]]:
    used = placeholders(family.texts())
    for name, pool in family.words.items():
        if name not in used:
            yield f"words: no text uses <{name}>", True
        if len(set(pool)) < FEWEST_WORDS:
            yield f"words: {name} has fewer than {FEWEST_WORDS} words", True
        if len({len(forms) for forms in pool}) > 1:
            yield f"words: some words of {name} have more forms than others", False


def _name_faults(member: Member) -> Iterator[str]:
    for name in (member.selector, *member.slots, *member.parameters):
        try:
            check_name(name)
        except BattuiError as error:
            yield f"{name!r}: {error.what}. {error.remedy}"
    for name in member.parameters:
        if name in member.slots:
            yield f"{name!r} is both a slot and a parameter"
        if name in offered().builtins or name in offered().facades:
            yield f"the parameter {name!r} hides a builtin"


def answers(body: str) -> bool:
    """Whether a body returns anything."""
    return any(
        isinstance(node, ast.Return) and node.value is not None
        for node in ast.walk(ast.parse(method_source("method", (), body)))
    )


def _body_faults(member: Member, number: int, body: str) -> Iterator[str]:
    try:
        tree = ast.parse(method_source("method", (), body))
    except SyntaxError as error:
        yield f"body {number}: line {(error.lineno or 2) - 1}: {error.msg}"
        return
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for name in member.parameters:
        if name not in names and not member.refuses:
            yield f"body {number}: it does not use the parameter {name!r}"


def _unsaid(family: Family) -> Iterator[tuple[str, bool]]:
    for field in ("parameters", "slots"):
        for name in getattr(family, field):
            saying = sum(name.strip("<>") in intent for intent in family.intents)
            if not saying and field == "parameters":
                yield f"no intent names the parameter {name}", False
            elif 3 * saying < len(family.intents) and field == "slots" and len(family.slots) == 1:
                yield f"only {saying} of {len(family.intents)} intents name the slot {name}", True
