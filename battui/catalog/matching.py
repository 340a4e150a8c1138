"""Which chunks a query with operators, phrases or conditions allows at all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from battui.catalog.analysis import terms_of
from battui.catalog.conditions import Condition
from battui.catalog.postings import Generation, terms_in
from battui.catalog.query import All, Beside, Either, Not, Query, Words
from battui.catalog.shelf import Shelf, chunk_numbers, pending
from battui.catalog.storing import metadata_of

Mask: TypeAlias = NDArray[np.bool_]


class Matcher:
    """Evaluates queries over one generation; every answer has one truth value a chunk."""

    def __init__(self, generation: Generation, shelf: Shelf) -> None:
        self._generation = generation
        self._shelf = shelf
        self._count = len(generation.chunks)

    def places(self, query: Query) -> Mask:
        """Where the query holds."""
        match query:
            case Words(text=text, phrase=True):
                return self._in_any_language(text, self._phrase)
            case Words(text=text):
                return self._in_any_language(text, self._any_word)
            case All(parts=parts):
                return reduce(np.logical_and, map(self.places, parts))
            case Either(parts=parts):
                return reduce(np.logical_or, map(self.places, parts))
            case Not(part=part):
                return ~self.places(part)
            case Beside(wanted=wanted):
                return self.places(wanted)

    def _in_any_language(self, text: str, holds: object) -> Mask:
        assert callable(holds)
        return reduce(np.logical_or, (holds(terms_of(text, language)) for language in self._shelf.languages))

    def _any_word(self, terms: Sequence[str]) -> Mask:
        return reduce(np.logical_or, map(self._with, terms), np.zeros(self._count, np.bool_))

    def _with(self, term: str) -> Mask:
        mask = np.zeros(self._count, np.bool_)
        found = self._generation.term(term, self._shelf)
        if found is not None:
            mask[found.places] = True
        return mask

    def _phrase(self, terms: Sequence[str]) -> Mask:
        """The chunks with all the terms, read one by one for their order."""
        if not terms:
            return np.zeros(self._count, np.bool_)
        mask = reduce(np.logical_and, map(self._with, terms))
        numbers = [self._shelf.index.lexicon.get_wid(term) for term in terms]
        for place in np.flatnonzero(mask).tolist():
            chunk = int(self._generation.chunks[place])
            wanted = terms if chunk in self._generation.queued else numbers
            mask[place] = _in_a_row(wanted, terms_in(self._generation, self._shelf, chunk))
        return mask


def allowed(generation: Generation, shelf: Shelf, where: Sequence[Condition]) -> Mask:
    """Which chunks have metadata that fulfil every condition."""
    found = shelf.fields.matching(where)
    if found is None:
        return np.ones(len(generation.chunks), np.bool_)
    for _, document, _ in pending(shelf):
        if document is not None and all(each.holds_for(metadata_of(document)) for each in where):
            found.update(chunk_numbers(document))
    return np.isin(generation.chunks, np.fromiter(found, np.int64, len(found)))


def _in_a_row(wanted: Sequence[object], terms: Sequence[object]) -> bool:
    first, length = wanted[0], len(wanted)
    return any(
        term == first and list(terms[start : start + length]) == list(wanted)
        for start, term in enumerate(terms)
    )
