"""Documents go in and out of the catalog; the index follows in batches. Each function is for one unit of work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from battui.catalog.analysis import terms_of
from battui.catalog.conditions import Metadata
from battui.catalog.drafts import Draft
from battui.catalog.shelf import Shelf, chunk_numbers, made_shelf, pending, shelf_of
from battui.image.objects import UvmObject
from battui.image.world import World, oid_of

BATCH = 64
"""Documents a merge takes at once: large enough to share the rewriting, small enough not to keep others waiting."""


def is_current(world: World, key: str, content_hash: str) -> bool:
    """Whether the catalog holds exactly this content under `key`."""
    shelf = shelf_of(world)
    held = shelf.documents.get(key) if shelf is not None else None
    return held is not None and held.content_hash == content_hash


def put_document(world: World, draft: Draft) -> UvmObject:
    """Keep a document in place of an earlier one with the same key, and queue it for the index.

    It is found from now on; one queue record makes that durable, whatever becomes of the merge.
    """
    shelf = made_shelf(world)
    document: UvmObject | None = shelf.documents.get(draft.key)
    stale = _stale(shelf, draft.key, document)
    if document is None:
        document = shelf.documents[draft.key] = world.store(
            UvmObject({"parent*": [world.root["traits_obj"]]})
        )
    _fill(world, document, draft)
    shelf.queue[draft.key] = stale
    _note_language(shelf, draft.language)
    shelf.stamp.touch()
    return document


def remove_document(world: World, key: str) -> bool:
    """Take a document out; its chunks are found no more. Whether there was one."""
    shelf = shelf_of(world)
    if shelf is None or key not in shelf.documents:
        return False
    stale = _stale(shelf, key, shelf.documents.pop(key))
    if stale:
        shelf.queue[key] = stale
    else:
        shelf.queue.pop(key, None)
    shelf.stamp.touch()
    return True


def merge(world: World, most: int = BATCH) -> int:
    """Bring up to `most` queued documents into the index; return how many are left."""
    shelf = shelf_of(world)
    if shelf is None or not shelf.queue:
        return 0
    taken = list(islice(pending(shelf), most))
    for key, _, _ in taken:
        del shelf.queue[key]
    _put_in_order(shelf, [stale for _, _, stale in taken], [document for _, document, _ in taken if document])
    return len(shelf.queue)


def put_at_once(world: World, drafts: Sequence[Draft]) -> None:
    """Keep documents and index them in the same transaction; for many at a time."""
    for draft in drafts:
        put_document(world, draft)
    merge(world, len(made_shelf(world).queue))


def metadata_of(document: UvmObject) -> Metadata:
    """What conditions are held against: the document's kind, language and name, and what it was given."""
    return {"kind": document.kind, "language": document.language, **document.metadata}


def _put_in_order(shelf: Shelf, stale: Iterable[Iterable[int]], documents: Iterable[UvmObject]) -> None:
    gone = [number for numbers in stale for number in numbers]
    changed = shelf.index.remove_batch(gone)
    for number in gone:
        shelf.fields.remove(number)
    if (vectors := shelf.__dict__.get("vectors")) is not None:
        vectors.remove(gone)
    fresh: list[tuple[int, list[str]]] = []
    for document in documents:
        metadata = metadata_of(document)
        for chunk in document.chunks:
            number = oid_of(chunk)
            fresh.append((number, terms_of(chunk.text, document.language)))
            shelf.fields.add(number, metadata)
    changed |= shelf.index.add_batch(fresh)
    shelf.journal.record(changed)
    shelf.stamp.touch()


def _stale(shelf: Shelf, key: str, document: UvmObject | None) -> tuple[int, ...]:
    """The chunks of `key` that the index holds, and that no later state of the document has."""
    if key in shelf.queue:
        # Its chunks are not in the index; those of the version before may be.
        return tuple(shelf.queue[key])
    return chunk_numbers(document) if document is not None else ()


def _fill(world: World, document: UvmObject, draft: Draft) -> None:
    document.key, document.name, document.title = draft.key, draft.name, draft.title
    document.kind, document.language = draft.kind, draft.language
    document.content_hash, document.metadata = draft.content_hash, dict(draft.metadata)
    document.chunks = [
        world.store(
            UvmObject(
                {"parent*": [world.root["traits_obj"]]},
                text=piece.text,
                document=document,
                index=index,
                span=[piece.start, piece.end],
                line=piece.line,
                headings=list(piece.headings),
            )
        )
        for index, piece in enumerate(draft.pieces)
    ]


def _note_language(shelf: Shelf, language: str) -> None:
    if language not in shelf.languages:
        shelf.languages = (*shelf.languages, language)
