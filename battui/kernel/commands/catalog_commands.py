"""The catalog as front ends fill it: documents in, documents out, and which there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import trio

from battui.catalog.analysis import check_language
from battui.catalog.drafts import Draft
from battui.catalog.shelf import shelf_of
from battui.catalog.sources import LARGEST, Manner, Source, content_of, draft_of, given_source
from battui.catalog.storing import is_current, put_at_once, remove_document
from battui.contracts.documents import (
    CatalogCommand,
    Document,
    DocumentList,
    DocumentView,
    IndexDocuments,
    ListDocuments,
    RemoveDocuments,
)
from battui.contracts.errors import Refused, UsageError
from battui.contracts.replies import Answer
from battui.contracts.values import Value
from battui.image.image import Image
from battui.image.world import World
from battui.kernel.messages.receipts import KeyedCommitter
from battui.kernel.transactions.committer import Committer


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A batch that was read and cut, outside of any transaction."""

    drafts: tuple[Draft, ...]
    unchanged: int
    skipped: tuple[tuple[str, str], ...]

    @property
    def answer(self) -> Answer:
        """What is told of the batch, once it is in the image."""
        chunks = sum(len(draft.pieces) for draft in self.drafts)
        value: Value = {
            "indexed": len(self.drafts),
            "unchanged": self.unchanged,
            "chunks": chunks,
            "skipped": [[name, reason] for name, reason in self.skipped],
        }
        return Answer(value, f"{len(self.drafts)} documents indexed in {chunks} chunks")


class CatalogCommands:
    """Performs them; `filled` is called when documents have come in, for what goes on behind them."""

    def __init__(self, image: Image, filled: Callable[[], None]) -> None:
        self._image = image
        self._filled = filled

    async def perform(
        self, command: CatalogCommand, committer: Committer | KeyedCommitter
    ) -> Answer | DocumentList:
        """Perform one command; `committer` makes its transaction. Raises BattuiError."""
        match command:
            case IndexDocuments():
                return await self._index(command, committer)
            case RemoveDocuments(keys=keys):
                return await committer.perform(f"remove {len(keys)} documents", partial(_removed, keys=keys))
            case ListDocuments():
                return await trio.to_thread.run_sync(self._image.read, partial(_listed, command=command))

    async def _index(self, command: IndexDocuments, committer: Committer | KeyedCommitter) -> Answer:
        manner = Manner(language=check_language(command.language), metadata=command.metadata)
        prepared = await trio.to_thread.run_sync(self._prepare, command.documents, manner)
        if not prepared.drafts:
            return prepared.answer

        def put(world: World) -> Answer:
            put_at_once(world, prepared.drafts)
            return prepared.answer

        answer = await committer.perform(f"index {len(prepared.drafts)} documents", put)
        self._filled()
        return answer

    def _prepare(self, documents: Sequence[Document], manner: Manner) -> _Prepared:
        """Read and cut what has changed; a key that comes twice counts once."""
        skipped: list[tuple[str, str]] = []
        sources: dict[str, Source] = {}
        for document in documents:
            try:
                sources.setdefault(document.key, _source(document, manner))
            except Refused as refused:
                skipped.append((document.name, refused.what))
        changed = self._image.read(partial(_changed, sources=list(sources.values())))
        drafts = []
        for source in changed:
            try:
                drafts.append(draft_of(source, manner))
            except Refused as refused:
                skipped.append((source.name, refused.what))
        return _Prepared(tuple(drafts), len(sources) - len(changed), tuple(skipped))


def _source(document: Document, manner: Manner) -> Source:
    content = content_of(_place(document.file)) if document.file else document.content
    if len(content) > LARGEST:
        raise Refused(f"it is larger than {LARGEST >> 20} MiB")
    return given_source(
        document.key, document.name, content, manner, kind=document.kind, title=document.title
    )


def _place(file: str) -> Path:
    path = Path(file)
    if not path.is_absolute():
        # The kernel's own folder means nothing to its clients.
        raise UsageError("a document's file is an absolute path", about=file)
    return path


def _changed(world: World, *, sources: Sequence[Source]) -> list[Source]:
    return [source for source in sources if not is_current(world, source.key, source.content_hash)]


def _removed(world: World, *, keys: Sequence[str]) -> Answer:
    gone = sum(remove_document(world, key) for key in dict.fromkeys(keys))
    if gone:
        put_at_once(world, ())
    return Answer(gone, f"{gone} documents removed")


def _listed(world: World, *, command: ListDocuments) -> DocumentList:
    shelf = shelf_of(world)
    if shelf is None:
        return DocumentList()
    first = max(command.prefix, command.after)
    keys = shelf.documents.iterkeys(first or None, excludemin=bool(command.after) and first == command.after)
    found = []
    for key in islice(keys, command.limit):
        if not key.startswith(command.prefix):
            break
        document = shelf.documents[key]
        found.append(DocumentView(key, document.name, document.title, document.kind, len(document.chunks)))
    return DocumentList(tuple(found))
