"""Metadata of chunks, indexed: words by keyword, numbers by range."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import BTrees
from BTrees.OOBTree import OOBTree
from persistent import Persistent
from zope.index.field.index import FieldIndex
from zope.index.keyword.index import KeywordIndex

from battui.catalog.conditions import Condition, Metadata, numbers_in, words_in


class Fields(Persistent):
    """One keyword index and one field index for each name that metadata use."""

    def __init__(self) -> None:
        self.words = OOBTree()
        self.numbers = OOBTree()

    def add(self, chunk: int, metadata: Metadata) -> None:
        """Index one chunk's metadata."""
        for name, value in metadata.items():
            if words := words_in(value):
                _index(self.words, name, KeywordIndex).index_doc(chunk, words)
            for number in numbers_in(value):
                _index(self.numbers, name, FieldIndex).index_doc(chunk, number)

    def remove(self, chunk: int) -> None:
        """Forget a chunk; an index that is empty then goes, too."""
        for indexes in (self.words, self.numbers):
            for name, index in list(indexes.items()):
                index.unindex_doc(chunk)
                if not index.documentCount():
                    del indexes[name]

    def matching(self, conditions: Iterable[Condition]) -> set[int] | None:
        """The chunks that fulfil all conditions; None where there are none to fulfil."""
        found: set[int] | None = None
        for condition in conditions:
            chunks = self._fulfilling(condition)
            found = chunks if found is None else found & chunks
        return found

    def _fulfilling(self, condition: Condition) -> set[int]:
        chunks: set[int] = set()
        if condition.name in self.words:
            chunks.update(
                self.words[condition.name].apply({"query": [condition.word], "operator": "or"}) or ()
            )
        if condition.name in self.numbers and condition.lowest is not None:
            chunks.update(self.numbers[condition.name].apply((condition.lowest, condition.highest)))
        return chunks


def _index(indexes: Mapping[str, Any], name: str, kind: Any) -> Any:
    if name not in indexes:
        indexes[name] = kind(BTrees.family64)  # type: ignore[index]
    return indexes[name]
