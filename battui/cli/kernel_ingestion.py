"""Documents for the catalog of a running kernel: as Ingestion takes them, but put in by the image's owner."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from battui.catalog.ingestion import Tally
from battui.catalog.sources import Manner, Source
from battui.cli.headless import replies_to
from battui.contracts.documents import (
    Document,
    DocumentKind,
    DocumentList,
    IndexDocuments,
    ListDocuments,
    RemoveDocuments,
)
from battui.contracts.replies import Answer
from battui.contracts.values import Value

MOST_INLINE = 64 << 10
"""Bytes of content that come along; the kernel reads larger documents from their files."""
LARGEST_BATCH = 4 << 20
"""Bytes of documents in one command: a transaction that keeps others waiting no longer than they notice."""
LARGEST_FRAME = 600_000
MOST_IN_BATCH = 256
MOST_KEYS = 500
LONGEST_KEYS = 500_000


class KernelIngestion:
    """Takes sources one by one, and hands them to the kernel by the batch. A context, for what has to be laid out."""

    def __init__(self, arguments: Namespace, manner: Manner) -> None:
        self._arguments = arguments
        self.manner = manner
        self._waiting: list[Document] = []
        self._bytes = 0
        self._frame = 0
        self._laid_out = 0
        self.tally = Tally()
        self.seen: set[str] = set()

    def __enter__(self) -> KernelIngestion:
        self._folder = TemporaryDirectory(prefix="battui-index-")
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def take(self, source: Source) -> None:
        """Index a document with the next batch."""
        if source.key in self.seen:
            self.skip(source.name, "another document in this run has the same id")
            return
        self.seen.add(source.key)
        document = self._document(source)
        size = len(document.content) + 4 * len(document.key + document.name + document.title + document.file)
        if self._waiting and (
            len(self._waiting) >= MOST_IN_BATCH
            or self._bytes + len(source.content) > LARGEST_BATCH
            or self._frame + size > LARGEST_FRAME
        ):
            self.finish()
        self._waiting.append(document)
        self._bytes += len(source.content)
        self._frame += size

    def skip(self, name: str, reason: str) -> None:
        """Note a document that cannot be indexed."""
        self.tally.skipped.append((name, reason))

    def finish(self) -> None:
        """Have the kernel index what waits."""
        waiting, self._waiting, self._bytes, self._frame = self._waiting, [], 0, 0
        if not waiting:
            return
        command = IndexDocuments(tuple(waiting), self.manner.language, self.manner.metadata)
        (reply,) = replies_to(self._arguments, command)
        for document in waiting:
            if document.file:
                Path(document.file).unlink()
        assert isinstance(reply, Answer)
        self._count(reply.value, len(waiting))

    def prune(self, belongs: Callable[[str], bool]) -> None:
        """Take out every document whose key `belongs` and that this run has not seen."""
        gone = [key for key in self._keys() if belongs(key) and key not in self.seen]
        while gone:
            batch: list[str] = []
            size = 0
            while gone and len(batch) < MOST_KEYS and size < LONGEST_KEYS:
                size += 4 * len(gone[-1])
                batch.append(gone.pop())
            (reply,) = replies_to(self._arguments, RemoveDocuments(tuple(batch)))
            assert isinstance(reply, Answer)
            self.tally.pruned += cast(int, reply.value)

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while True:
            (reply,) = replies_to(self._arguments, ListDocuments(after=keys[-1] if keys else ""))
            assert isinstance(reply, DocumentList)
            if not reply.documents:
                return keys
            keys += [document.key for document in reply.documents]

    def _count(self, told: Value, documents: int) -> None:
        if not isinstance(told, dict):
            # Done by a kernel that was killed before it could say so in as many words.
            self.tally.indexed += documents
            return
        figures: dict[str, Any] = told
        self.tally.indexed += figures["indexed"]
        self.tally.unchanged += figures["unchanged"]
        self.tally.chunks += figures["chunks"]
        self.tally.skipped += [(name, reason) for name, reason in figures["skipped"]]

    def _document(self, source: Source) -> Document:
        kind = cast(DocumentKind, source.kind)
        if len(source.content) <= MOST_INLINE:
            return Document(source.key, source.name, source.content, kind, source.title)
        # Laid out once more even where there is a file: it may change before the kernel comes to it.
        self._laid_out += 1
        file = Path(self._folder.name) / str(self._laid_out)
        file.write_bytes(source.content)
        return Document(source.key, source.name, b"", kind, source.title, str(file))
