"""What an embedding model makes of chunks, kept in the image: a record for each block of them, half precision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from BTrees.LLBTree import LLBTree
from BTrees.LOBTree import LOBTree
from numpy.typing import NDArray
from persistent import Persistent

from battui.catalog.shelf import Shelf, chunk_at, chunk_numbers, pending, shelf_of
from battui.image.world import World

BLOCK = 256
"""Chunks a record: 200 KiB at 384 numbers each."""
LONGEST_EMBEDDED = 2000
"""Characters of a chunk that its vector speaks for; small embedding models read no more."""


class VectorBlock(Persistent):
    """The vectors of some chunks, a row each, of length one."""

    def __init__(self, numbers: Sequence[int], rows: NDArray[np.float32]) -> None:
        self.numbers = np.array(numbers, np.int64).tobytes()
        self.rows = rows.astype(np.float16).tobytes()
        self.width = int(rows.shape[1])

    def read(self) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
        """Chunk numbers, and a row for each."""
        numbers = np.frombuffer(self.numbers, np.int64)
        return numbers, np.frombuffer(self.rows, np.float16).reshape(len(numbers), self.width)


class Vectors(Persistent):
    """All vectors of one model: `blocks` by number, `places` tells the block of a chunk."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.blocks = LOBTree()
        self.places = LLBTree()

    def add(self, numbers: Sequence[int], rows: NDArray[np.float32]) -> None:
        """Keep a block of chunks that have no vectors yet."""
        block = 1 + (self.blocks.maxKey() if self.blocks else 0)
        self.blocks[block] = VectorBlock(numbers, rows)
        self.places.update(dict.fromkeys(numbers, block))

    def remove(self, gone: Iterable[int]) -> None:
        """Forget chunks; a block without any goes, too."""
        touched: dict[int, set[int]] = {}
        for number in gone:
            block = self.places.pop(number, None)
            if block is not None:
                touched.setdefault(block, set()).add(number)
        for block, left_out in touched.items():
            numbers, rows = self.blocks[block].read()
            kept = ~np.isin(numbers, list(left_out))
            if kept.any():
                self.blocks[block] = VectorBlock(numbers[kept].tolist(), rows[kept].astype(np.float32))
            else:
                del self.blocks[block]


def vectors_of(shelf: Shelf, model: str) -> Vectors | None:
    """The vectors that this model has made, None where there are none."""
    held: Any = shelf.__dict__.get("vectors")
    return held if isinstance(held, Vectors) and held.model == model else None


def lacking_vectors(world: World, model: str) -> Iterator[int]:
    """The numbers of the chunks that the model has made no vector of yet."""
    shelf = shelf_of(world)
    if shelf is None:
        return
    held = vectors_of(shelf, model)
    places = held.places if held is not None else ()
    yield from (number for number in _live(shelf) if number not in places)


def without_vectors(world: World, model: str, most: int = BLOCK) -> list[tuple[int, str]]:
    """Chunks that the model has made no vector of yet, up to `most`: number and text."""
    lacking = islice(lacking_vectors(world, model), most)
    return [(number, _told(chunk_at(world, number))) for number in lacking]


def put_vectors(world: World, model: str, made: Sequence[tuple[int, Sequence[float]]]) -> None:
    """Keep the vectors of chunks that are still there; those of another model go."""
    shelf = shelf_of(world)
    if shelf is None:
        return
    held = vectors_of(shelf, model)
    if held is None:
        held = shelf.vectors = Vectors(model)
    live = {*_live(shelf)}
    kept = [(number, row) for number, row in made if number in live and number not in held.places]
    if kept:
        rows = np.array([row for _, row in kept], np.float32)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        held.add([number for number, _ in kept], rows / np.maximum(lengths, 1e-9))
        shelf.stamp.touch()


def _live(shelf: Shelf) -> Iterable[int]:
    """The chunks of the merged index that are not stale, and those that wait for it."""
    stale = {number for _, _, numbers in pending(shelf) for number in numbers}
    yield from (number for number in shelf.index._docweight if number not in stale)
    for _, document, _ in pending(shelf):
        if document is not None:
            yield from chunk_numbers(document)


def _told(chunk: Any) -> str:
    """A chunk with what it stands under, for a model that sees nothing else of its document."""
    headings = " > ".join(chunk.headings) or chunk.document.title
    return f"{headings}\n{chunk.text}"[:LONGEST_EMBEDDED]
