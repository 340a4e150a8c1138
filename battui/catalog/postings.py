"""Posting lists in memory as arrays, kept in step with the index and its queue by every connection's own view.

Scores are zope.index's own: the same formula on the same numbers, in double precision a term, kept in single
precision. What is remembered of a term stays valid until a merge changes its postings; the journal says which.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from battui.catalog.analysis import terms_of
from battui.catalog.index import ChunkIndex
from battui.catalog.shelf import Shelf, chunk_numbers, pending

Numbers: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Scores: TypeAlias = NDArray[np.float32]
Merges: TypeAlias = tuple[tuple[bytes, tuple[int, ...] | None], ...]

BEST = 10
DENSE = 8
"""A term that stands in more than one chunk of so many is kept as one score for every chunk."""
K1 = float(ChunkIndex.K1)
B = float(ChunkIndex.B)


@dataclass(frozen=True, slots=True)
class Weighted:
    """One term in one generation: which chunks have it, and what it adds to each one's score.

    `places` are positions among the generation's chunks, ascending; `bound` is the score of its BEST-th chunk.
    """

    places: NDArray[np.intp]
    scores: Scores
    dense: Scores | None
    bound: float


@dataclass(slots=True)
class Base:
    """The merged index as arrays: chunk numbers in order, their lengths, and postings as far as they were needed."""

    merges: Merges
    chunks: Numbers
    lengths: Floats
    postings: dict[str, tuple[int, Numbers, Floats]] = field(default_factory=dict)


@dataclass(slots=True)
class Generation:
    """Index and queue together in one committed state."""

    base: Base
    chunks: Numbers
    weights: Floats
    gone: Numbers
    queued: dict[int, Counter[str]]
    queued_terms: dict[int, list[str]]
    weighted: dict[str, Weighted | None] = field(default_factory=dict)

    def term(self, term: str, shelf: Shelf) -> Weighted | None:
        """The term's scores, None where no chunk has it."""
        try:
            return self.weighted[term]
        except KeyError:
            found = self.weighted[term] = _weigh(self, *_postings(self, term, shelf))
            return found


class Postings:
    """The newest generation and base that were asked for; shared by all connections to one image."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._base: Base | None = None
        self._newest: tuple[bytes, Generation] | None = None

    def generation(self, shelf: Shelf) -> Generation:
        """The generation that the shelf's connection sees; what is not committed is never kept for others."""
        state = shelf.stamp.state
        if state is None:
            return _generation(shelf, _base(shelf, None))
        newest = self._newest
        if newest is not None and newest[0] == state:
            return newest[1]
        with self._lock:
            self._base = _base(shelf, self._base)
            made = _generation(shelf, self._base)
            self._newest = state, made
            return made


def _base(shelf: Shelf, known: Base | None) -> Base:
    merges: Merges = shelf.journal.merges
    if known is not None and known.merges == merges:
        return known
    lengths = shelf.index._docweight
    count = len(lengths)
    base = Base(
        merges,
        np.fromiter(lengths.keys(), np.int64, count),
        np.fromiter(lengths.values(), np.float64, count),
    )
    if known is not None:
        base.postings = _still_valid(known, merges)
    return base


def _still_valid(known: Base, merges: Merges) -> dict[str, tuple[int, Numbers, Floats]]:
    """What is remembered of terms that no merge has touched which only one of the two states knows."""
    if not {name for name, _ in known.merges} & {name for name, _ in merges}:
        return {}
    changed: set[int] = set()
    for _, terms in set(known.merges) ^ set(merges):
        if terms is None:
            return {}
        changed.update(terms)
    # A term that had no number may have one now.
    return {term: held for term, held in known.postings.items() if held[0] and held[0] not in changed}


def _generation(shelf: Shelf, base: Base) -> Generation:
    gone: list[int] = []
    queued: dict[int, list[str]] = {}
    for _, document, stale in pending(shelf):
        gone.extend(stale)
        if document is not None:
            for chunk, number in zip(document.chunks, chunk_numbers(document), strict=True):
                queued[number] = terms_of(chunk.text, document.language)
    absent = np.array(sorted(gone), np.int64)
    chunks, lengths = _together(base, absent, queued)
    mean = float(lengths.sum()) / len(chunks) if len(chunks) else 1.0
    weights = (1.0 - B) + B * lengths / (mean or 1.0)
    counts = {number: Counter(terms) for number, terms in queued.items()}
    return Generation(base, chunks, weights, absent, counts, queued)


def _together(base: Base, gone: Numbers, queued: dict[int, list[str]]) -> tuple[Numbers, Floats]:
    chunks, lengths = base.chunks, base.lengths
    if len(gone):
        kept = ~np.isin(chunks, gone)
        chunks, lengths = chunks[kept], lengths[kept]
    if queued:
        chunks = np.concatenate((chunks, np.fromiter(queued, np.int64, len(queued))))
        lengths = np.concatenate((lengths, [float(len(terms)) for terms in queued.values()]))
        order = np.argsort(chunks)
        chunks, lengths = chunks[order], lengths[order]
    return chunks, lengths


def _postings(generation: Generation, term: str, shelf: Shelf) -> tuple[Numbers, Floats]:
    _, chunks, frequencies = _merged_postings(generation.base, term, shelf)
    if len(generation.gone):
        kept = ~np.isin(chunks, generation.gone)
        chunks, frequencies = chunks[kept], frequencies[kept]
    new = [(number, counts[term]) for number, counts in generation.queued.items() if term in counts]
    if new:
        chunks = np.concatenate((chunks, [number for number, _ in new]))
        frequencies = np.concatenate((frequencies, [float(count) for _, count in new]))
    return chunks, frequencies


def _merged_postings(base: Base, term: str, shelf: Shelf) -> tuple[int, Numbers, Floats]:
    held = base.postings.get(term)
    if held is None:
        number = shelf.index.lexicon.get_wid(term)
        found: Any = shelf.index._wordinfo.get(number, {})
        count = len(found)
        held = base.postings[term] = (
            number,
            np.fromiter(found.keys(), np.int64, count),
            np.fromiter(found.values(), np.float64, count),
        )
    return held


def _weigh(generation: Generation, chunks: Numbers, frequencies: Floats) -> Weighted | None:
    count, total = len(chunks), len(generation.chunks)
    if not count:
        return None
    # What is queued comes last, and zope.index keeps a rare term's few chunks in a plain dict.
    order = np.argsort(chunks)
    chunks, frequencies = chunks[order], frequencies[order]
    places = np.searchsorted(generation.chunks, chunks)
    rarity = math.log(1.0 + float(total) / count)
    scores = frequencies * (K1 + 1.0) / (frequencies + K1 * generation.weights[places]) * rarity
    single = scores.astype(np.float32)
    dense = None
    if count * DENSE > total:
        dense = np.zeros(total, np.float32)
        dense[places] = single
    bound = float(np.partition(single, count - BEST)[count - BEST]) if count >= BEST else 0.0
    return Weighted(places, single, dense, bound)


def terms_in(generation: Generation, shelf: Shelf, number: int) -> Sequence[object]:
    """What stands in a chunk, in order: terms where it is queued, their numbers where it is merged."""
    queued = generation.queued_terms.get(number)
    return queued if queued is not None else list(shelf.index.get_words(number))
