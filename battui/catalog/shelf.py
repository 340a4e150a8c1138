"""What the catalog holds: documents, the index of their chunks, and the queue of those not yet merged into it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from BTrees.OOBTree import OOBTree
from persistent import Persistent

from battui.catalog.analysis import DEFAULT_LANGUAGE
from battui.catalog.fields import Fields
from battui.catalog.index import ChunkIndex
from battui.catalog.journal import Journal, Stamp
from battui.image.objects import UvmObject
from battui.image.world import World, oid_of

CATALOG = "knowledge_catalog_obj"


class Shelf(Persistent):
    """The state behind `knowledge_catalog_obj`.

    `documents` maps keys to documents. `queue` maps the keys of documents that have changed since the last merge to
    the numbers of chunks that the index still holds and should not. A queued document's own chunks are not in the
    index yet. A chunk never changes: an edited document gets new ones.
    """

    def __init__(self) -> None:
        self.documents = OOBTree()
        self.queue = OOBTree()
        self.languages: tuple[str, ...] = (DEFAULT_LANGUAGE,)
        self.index = ChunkIndex()
        self.fields = Fields()
        self.stamp = Stamp()
        self.journal = Journal()


def shelf_of(world: World) -> Shelf | None:
    """The catalog's shelf, None where nothing has ever been indexed."""
    held = world.root[CATALOG]._slots.get("shelf")
    return held if isinstance(held, Shelf) else None


def made_shelf(world: World) -> Shelf:
    """The catalog's shelf, made where there is none yet."""
    held = shelf_of(world)
    if held is None:
        held = world.root[CATALOG].shelf = Shelf()
    return held


def pending(shelf: Shelf) -> Iterator[tuple[str, UvmObject | None, tuple[int, ...]]]:
    """Yield what is queued: key, document (None where it is gone) and stale chunks."""
    for key, stale in shelf.queue.items():
        yield key, shelf.documents.get(key), stale


def chunk_numbers(document: UvmObject) -> tuple[int, ...]:
    """The numbers under which the document's chunks stand in the index."""
    return tuple(oid_of(chunk) for chunk in document.chunks)


def chunk_at(world: World, number: int) -> Any:
    """The chunk with that number."""
    return world.object_at(number)
