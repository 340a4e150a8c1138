"""Learned methods as worked examples: the nearest ones of the image whose proof still holds."""

from __future__ import annotations

import re

from battui.catalog.conditions import condition
from battui.catalog.postings import Postings
from battui.catalog.query import Words
from battui.catalog.ranking import rank
from battui.catalog.shelf import chunk_at, shelf_of
from battui.catalog.skills import KIND, holder_of
from battui.contracts.errors import UnknownObject
from battui.guardian import verify
from battui.image.cases import cases_of
from battui.image.method import Method
from battui.image.objects import UvmObject
from battui.image.world import World
from battui.mind.briefs import WorkedExample
from battui.mind.portrait import own_data_slots

MOST_FOUND = 12
LONGEST_SOURCE = 1000
"""Characters; a longer method would push the others, and the task itself, out of a small context."""
# The intent stands above an example already.
_DOCSTRING = re.compile(r'\A(def [^\n]*\n) +"""[^\n]*"""\n')


def recalled(
    world: World, postings: Postings, wanted: str, *, but: tuple[int, str] | None = None
) -> tuple[WorkedExample, ...]:
    """The verified methods nearest to what is `wanted` in words, the nearest first; not `but` (oid, selector)."""
    shelf = shelf_of(world)
    if shelf is None:
        return ()
    found = rank(shelf, postings, Words(wanted), top=MOST_FOUND, where=(condition(f"kind={KIND}"),))
    documents = [chunk_at(world, each.chunk).document for each in found if each.score > 0]
    examples = (_example(world, document, but) for document in documents)
    return tuple(example for example in examples if example is not None)


def _example(world: World, document: UvmObject, but: tuple[int, str] | None) -> WorkedExample | None:
    holder, selector = holder_of(document)
    if (holder, selector) == but:
        return None
    try:
        target = world.object_at(holder)
    except UnknownObject:
        return None
    method = target._slots.get(selector)
    if not isinstance(method, Method) or not _is_proven(method):
        return None
    # A case says what the slots were when the method did what it is for; the object's own may be others by now.
    case = next((case for case in cases_of(world, method) if not case.raises), None)
    return WorkedExample(
        selector=selector,
        parameters=tuple(method.parameters),
        slots=dict(case.slots) if case is not None else dict(own_data_slots(target)),
        intent=method.intent or selector.replace("_", " ").strip(),
        source=_DOCSTRING.sub(r"\1", method.source.strip("\n"), count=1),
        arguments=dict(case.arguments) if case is not None else {},
    )


def _is_proven(method: Method) -> bool:
    """Whether it was tried, passed, and still passes the guardian's present rules."""
    trials = method.certificate.trials
    short = len(method.source) <= LONGEST_SOURCE
    return (
        short
        and bool(trials)
        and all(trial.passed for trial in trials)
        and not verify(method.source, method.certificate)
    )
