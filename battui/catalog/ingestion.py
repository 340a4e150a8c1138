"""Many documents into the catalog: what has not changed is left alone, the rest goes in by the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from battui.catalog.drafts import Draft
from battui.catalog.shelf import shelf_of
from battui.catalog.sources import Manner, Source, draft_of
from battui.catalog.storing import is_current, put_at_once, remove_document
from battui.contracts.errors import Refused
from battui.image.image import Image
from battui.image.world import World

LARGEST_BATCH = 16 << 20
MOST_IN_BATCH = 4096


@dataclass(slots=True)
class Tally:
    """What became of the documents; `skipped` pairs a name with the reason."""

    indexed: int = 0
    unchanged: int = 0
    pruned: int = 0
    chunks: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)


class Ingestion:
    """Takes sources one by one and commits them in batches; `finish` commits the last."""

    def __init__(self, image: Image, manner: Manner) -> None:
        self._image = image
        self.manner = manner
        self._waiting: list[Source] = []
        self._bytes = 0
        self.tally = Tally()
        self.seen: set[str] = set()

    def take(self, source: Source) -> None:
        """Index a document, now or with the next batch."""
        if source.key in self.seen:
            self.tally.skipped.append((source.name, "another document in this run has the same id"))
            return
        self.seen.add(source.key)
        self._waiting.append(source)
        self._bytes += len(source.content)
        if self._bytes >= LARGEST_BATCH or len(self._waiting) >= MOST_IN_BATCH:
            self.finish()

    def skip(self, name: str, reason: str) -> None:
        """Note a document that cannot be indexed."""
        self.tally.skipped.append((name, reason))

    def finish(self) -> None:
        """Commit what waits."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        changed = self._image.read(lambda world: _changed(world, waiting))
        self.tally.unchanged += len(waiting) - len(changed)
        drafts = [draft for source in changed if (draft := self._draft(source)) is not None]
        if drafts:
            self._image.perform(f"index {len(drafts)} documents", lambda world: put_at_once(world, drafts))
        self.tally.indexed += len(drafts)
        self.tally.chunks += sum(len(draft.pieces) for draft in drafts)

    def prune(self, belongs: Callable[[str], bool]) -> None:
        """Take out every document whose key `belongs` and that this run has not seen."""
        gone = self._image.read(lambda world: [key for key in _keys(world) if belongs(key)])
        gone = [key for key in gone if key not in self.seen]
        if gone:
            self._image.perform(f"prune {len(gone)} documents", lambda world: _remove(world, gone))
        self.tally.pruned += len(gone)

    def _draft(self, source: Source) -> Draft | None:
        try:
            return draft_of(source, self.manner)
        except Refused as refused:
            self.skip(source.name, refused.what)
            return None


def is_below(key: str, places: Sequence[Path]) -> bool:
    """Whether a document's key is one of these places or lies below one; a row lies below its table."""
    path = Path(key)
    roots = {place.resolve() for place in places}
    return not roots.isdisjoint({path, *path.parents}) or Path(key.rpartition("#")[0]) in roots


def _changed(world: World, sources: Iterable[Source]) -> list[Source]:
    return [source for source in sources if not is_current(world, source.key, source.content_hash)]


def _keys(world: World) -> list[str]:
    shelf = shelf_of(world)
    return list(shelf.documents.keys()) if shelf is not None else []


def _remove(world: World, keys: Iterable[str]) -> None:
    for key in keys:
        remove_document(world, key)
    put_at_once(world, ())
