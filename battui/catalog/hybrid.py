"""Ranking by words and by vectors together: reciprocal rank fusion of the two.

Cormack, Clarke, Buettcher: Reciprocal Rank Fusion outperforms Condorcet and individual rank learning methods, 2009.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from battui.catalog.conditions import Condition
from battui.catalog.matching import allowed
from battui.catalog.postings import Postings
from battui.catalog.query import Query, Words
from battui.catalog.ranking import Ranked, rank
from battui.catalog.shelf import Shelf
from battui.catalog.vectors import Vectors, vectors_of

FUSED = 60
"""The paper's constant: how little the first places are preferred to the next."""
DEPTH = 100
"""How far down each of the two rankings is read."""

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Nearness:
    """What a search by vectors needs: the query's vector, the model that made it, the remembered matrix."""

    model: str
    vector: Sequence[float]
    memory: VectorMemory


@dataclass(slots=True)
class VectorMemory:
    """The vectors of one state of the image as a matrix, remembered between searches."""

    _lock: Lock = field(default_factory=Lock)
    _known: tuple[bytes, NDArray[np.int64], Matrix] | None = None

    def matrix(self, shelf: Shelf, vectors: Vectors) -> tuple[NDArray[np.int64], Matrix]:
        """Chunk numbers, and a row for each."""
        state = shelf.stamp.state
        known = self._known
        if state is not None and known is not None and known[0] == state:
            return known[1], known[2]
        blocks = [block.read() for block in vectors.blocks.values()]
        numbers = np.concatenate([each for each, _ in blocks] or [np.zeros(0, np.int64)])
        rows = np.concatenate([each for _, each in blocks] or [np.zeros((0, 1), np.float16)])
        made = numbers, rows.astype(np.float32)
        if state is not None:
            with self._lock:
                self._known = state, *made
        return made


def rank_hybrid(
    shelf: Shelf,
    postings: Postings,
    query: Query,
    near: Nearness,
    *,
    top: int,
    where: Sequence[Condition] = (),
) -> tuple[Ranked, ...]:
    """The best chunks by words and vectors; by words alone where the query has operators or nothing has a vector."""
    by_words = rank(shelf, postings, query, top=max(top, DEPTH), where=where)
    vectors = vectors_of(shelf, near.model)
    if vectors is None or not isinstance(query, Words) or query.phrase:
        return by_words[:top]
    return fused((by_words, _by_vectors(shelf, postings, vectors, near, where)), top)


def fused(rankings: Sequence[Sequence[Ranked]], top: int) -> tuple[Ranked, ...]:
    """Each place in a ranking is worth 1 / (FUSED + place); equal sums in the order of chunk numbers."""
    worth: dict[int, float] = {}
    for ranking in rankings:
        for place, each in enumerate(ranking, 1):
            worth[each.chunk] = worth.get(each.chunk, 0.0) + 1.0 / (FUSED + place)
    best = sorted(worth.items(), key=lambda item: (-item[1], item[0]))[:top]
    return tuple(Ranked(chunk, score) for chunk, score in best)


def _by_vectors(
    shelf: Shelf, postings: Postings, vectors: Vectors, near: Nearness, where: Sequence[Condition]
) -> list[Ranked]:
    numbers, rows = near.memory.matrix(shelf, vectors)
    generation = postings.generation(shelf)
    # What is gone from the catalog may still have a row until the next merge.
    live = generation.chunks[allowed(generation, shelf, where)] if where else generation.chunks
    kept = np.isin(numbers, live)
    if not kept.any():
        return []
    numbers, asked = numbers[kept], np.array(near.vector, np.float32)
    scores = rows[kept] @ (asked / max(float(np.linalg.norm(asked)), 1e-9))
    best = np.argsort(-scores, kind="stable")[:DEPTH]
    return [Ranked(int(numbers[place]), float(scores[place])) for place in best]
