"""Small documents, and what a search finds among them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import transaction

from battui.catalog.conditions import Metadata, condition
from battui.catalog.drafts import Draft, Piece, content_hash
from battui.catalog.postings import Postings
from battui.catalog.query import Words, parse_query
from battui.catalog.ranking import rank
from battui.catalog.shelf import Shelf, shelf_of
from battui.catalog.storing import merge, put_document
from battui.image.image import Image
from battui.image.world import World

Found = list[tuple[str, int, float]]


def draft(key: str, *texts: str, language: str = "english", **metadata: object) -> Draft:
    """A document with a chunk for each text."""
    kept: Metadata = dict(metadata)  # type: ignore[arg-type]
    pieces = tuple(Piece(text) for text in texts)
    return Draft(key, key, key, "text", content_hash("|".join(texts).encode()), pieces, language, kept)


def put(image: Image, *drafts: Draft, merged: bool = False) -> None:
    """Keep documents, each in a transaction of its own."""
    for each in drafts:
        image.perform(f"put {each.key}", lambda world, each=each: put_document(world, each))  # type: ignore[misc]
    while merged and image.perform("merge", merge):
        pass


def found(
    image: Image, query: str, *where: str, postings: Postings | None = None, top: int = 10
) -> list[str]:
    """The keys of the documents whose chunks are found, best first."""

    def search(world: World) -> list[str]:
        conditions = [condition(text) for text in where]
        ranked = rank(shelf(world), postings or Postings(), parse_query(query), top=top, where=conditions)
        return [world.object_at(each.chunk).document.key for each in ranked]

    return image.read(search)


def scored(world: World, words: str, postings: Postings) -> Found:
    """Every chunk that has one of `words`: document, index and score to six digits."""
    ranked = rank(shelf(world), postings, Words(words), top=1000)
    chunks = [(world.object_at(each.chunk), each.score) for each in ranked]
    return sorted((chunk.document.key, chunk.index, round(score, 4)) for chunk, score in chunks)


def shelf(world: World) -> Shelf:
    held = shelf_of(world)
    assert held is not None
    return held


@contextmanager
def kernel(image: Image) -> Iterator[tuple[World, transaction.TransactionManager]]:
    """One of several connections, in a transaction of its own."""
    manager = transaction.TransactionManager(explicit=True)
    connection = image.database.open(manager)
    manager.begin()
    try:
        yield World(connection), manager
    finally:
        if manager._txn is not None:
            manager.abort()
        connection.close()
