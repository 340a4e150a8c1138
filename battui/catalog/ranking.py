"""The chunks that fit a query best, in the order in which zope.index's own scores put them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from battui.catalog.analysis import terms_of
from battui.catalog.conditions import Condition
from battui.catalog.matching import Matcher, allowed
from battui.catalog.postings import BEST, Generation, Postings, Scores, Weighted
from battui.catalog.query import Query, Words, scoring_text
from battui.catalog.shelf import Shelf

Places: TypeAlias = NDArray[np.intp]
ROUNDING = 1e-5
"""Scores nearer to each other than this part of them may change places by the rounding of single precision."""


class Ranked(NamedTuple):
    """A chunk's number and its score."""

    chunk: int
    score: float


# What Ranked._make does, without a call of Python for each.
_made: Callable[[Iterable[object]], Ranked] = partial(tuple.__new__, Ranked)


def rank(
    shelf: Shelf, postings: Postings, query: Query, *, top: int = BEST, where: Sequence[Condition] = ()
) -> tuple[Ranked, ...]:
    """The `top` best chunks, equal scores in the order of their numbers."""
    generation = postings.generation(shelf)
    found = query_terms(shelf, scoring_text(query))
    terms = [weighted for term in found if (weighted := generation.term(term, shelf)) is not None]
    plain = isinstance(query, Words) and not query.phrase and not where
    if not len(generation.chunks) or (plain and not terms):
        return ()
    scores = _added(terms, len(generation.chunks))
    if plain:
        places = _best(scores, top, max([term.bound for term in terms]) if top <= BEST else 0.0)
    else:
        mask = Matcher(generation, shelf).places(query) & allowed(generation, shelf, where)
        # What fits without a scoring word, such as a mere exclusion, counts with a score of nothing.
        scores = np.where(mask, scores, np.float32(-1.0))
        places = _best(scores, top, -0.5)
    return _in_order(generation, terms, scores, places, top)


def query_terms(shelf: Shelf, text: str) -> list[str]:
    """The terms of a query in every language that documents are in; those of the first keep their repetitions."""
    first, *others = shelf.languages
    found = terms_of(text, first)
    for language in others:
        found.extend(term for term in dict.fromkeys(terms_of(text, language)) if term not in found)
    return found


def _added(terms: Sequence[Weighted], count: int) -> Scores:
    scores = np.zeros(count, np.float32)
    for term in terms:
        if term.dense is not None:
            scores += term.dense
        else:
            scores[term.places] += term.scores
    return scores


def _best(scores: Scores, top: int, bound: float) -> Places:
    """The places of the `top` best scores and of those that rounding may have put just below."""
    # The tenth best score of any one term is a floor for the tenth best sum.
    enough = scores >= bound * (1 - ROUNDING) if bound > 0 else scores > bound
    places = enough.nonzero()[0]
    if len(places) > top:
        among = scores[places]
        floor = np.partition(among, len(among) - top)[len(among) - top]
        places = places[among >= floor - abs(floor) * ROUNDING]
    return places


def _in_order(
    generation: Generation, terms: Sequence[Weighted], scores: Scores, places: Places, top: int
) -> tuple[Ranked, ...]:
    found = scores[places]
    falling = sorted(found.tolist(), reverse=True)  # a few: a list is quicker than an array here
    if any(before - after <= before * ROUNDING for before, after in pairwise(falling)):
        found = _as_zope_adds(terms, places, len(generation.chunks), found)
    # Places ascend, so that equal scores stay in the order of their numbers.
    order = (-found).argsort(kind="stable")[:top]
    chunks = generation.chunks[places[order]].tolist()
    return tuple(map(_made, zip(chunks, found[order].tolist(), strict=True)))


def _as_zope_adds(terms: Sequence[Weighted], places: Places, count: int, given: Scores) -> Scores:
    """Scores to the last bit: zope.index adds the two terms with the fewest chunks first, and so on.

    Sums in single precision depend on the order, so that near ties are decided by it; but not ties of chunks in which
    every term counts the same.
    """
    if not terms:
        return given
    parts = np.stack([_scores_at(term, places) for term in terms])
    falling = (-given).argsort(kind="stable")
    before, after = falling[:-1], falling[1:]
    near = given[before] - given[after] <= given[before] * ROUNDING
    if not (near & (parts[:, before] != parts[:, after]).any(axis=0)).any():
        return given
    waiting = [(_mask(term, count), part) for term, part in zip(terms, parts, strict=True)]
    sizes = [len(term.places) for term in terms]
    while len(waiting) > 1:
        first, second = _two_smallest(sizes)
        mask = waiting[first][0] | waiting[second][0]
        added = waiting[first][1] + waiting[second][1]
        for position in sorted((first, second), reverse=True):
            del waiting[position], sizes[position]
        waiting.append((mask, added))
        sizes.append(int(np.count_nonzero(mask)))
    return np.where(given < 0, given, waiting[0][1])


def _two_smallest(sizes: Sequence[int]) -> tuple[int, int]:
    """NBest pops the last of the smallest, equal ones in the order in which they came."""
    order = sorted(range(len(sizes)), key=lambda position: (sizes[position], -position))
    return order[0], order[1]


def _mask(term: Weighted, count: int) -> NDArray[np.bool_]:
    mask = np.zeros(count, np.bool_)
    mask[term.places] = True
    return mask


def _scores_at(term: Weighted, places: Places) -> Scores:
    if term.dense is not None:
        return np.asarray(term.dense[places], np.float32)
    found = np.minimum(term.places.searchsorted(places), len(term.places) - 1)
    return np.where(term.places[found] == places, term.scores[found], np.float32(0.0))
