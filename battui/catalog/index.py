"""The store of record for text search: zope.index's Okapi index, fed in batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import BTrees
from zope.index.text import widcode
from zope.index.text.lexicon import Lexicon
from zope.index.text.okapiindex import OkapiIndex

from battui.catalog.analysis import DEFAULT_LANGUAGE, Analyser


class TermLexicon(Lexicon):
    """Terms and their numbers."""

    def numbers(self) -> _Numbers:
        """Term to number for one batch; a new term gets a number when it is first asked for."""
        # As zope.index does it: the newest count makes two writers choose the same number less often.
        self.wordCount._p_deactivate()
        return _Numbers(self)


class _Numbers(dict[str, int]):
    """Remembers what was looked up: a batch asks for most terms again and again."""

    def __init__(self, lexicon: TermLexicon) -> None:
        self._lexicon = lexicon

    def __missing__(self, term: str) -> int:
        number = self[term] = int(self._lexicon._getWordIdCreate(term))
        return number


class ChunkIndex(OkapiIndex):
    """An Okapi index whose postings are written once a batch, not once a document.

    What it holds and how it scores is zope.index's own; only the order of the writes differs. A document costs its
    words' posting lists a rewrite each; a batch shares them.
    """

    def __init__(self) -> None:
        super().__init__(TermLexicon(Analyser(DEFAULT_LANGUAGE)), BTrees.family64)

    def add_batch(self, batch: Iterable[tuple[int, Sequence[str]]]) -> set[int]:
        """Index new documents, given as (number, terms); return the numbers of the terms whose postings changed."""
        postings: dict[int, dict[int, int]] = {}
        added = words = 0
        number_of = self._lexicon.numbers()
        for document, terms in batch:
            numbers = [number_of[term] for term in terms]
            for number, frequency in Counter(numbers).items():
                if number in postings:
                    postings[number][document] = frequency
                else:
                    postings[number] = {document: frequency}
            self._docweight[document] = len(numbers)
            self._docwords[document] = widcode.encode(numbers)
            added, words = added + 1, words + len(numbers)
        # In order, so that one leaf of the tree is finished before the next is touched.
        fresh = sum(self._add_postings(number, postings[number]) for number in sorted(postings))
        self._count(added, words, fresh)
        return set(postings)

    def remove_batch(self, documents: Iterable[int]) -> set[int]:
        """Take documents out, unknown ones ignored; return the numbers of the terms whose postings changed."""
        gone: dict[int, list[int]] = {}
        removed = words = 0
        for document in documents:
            if not self.has_doc(document):
                continue
            for number in set(self.get_words(document)):
                gone.setdefault(number, []).append(document)
            removed, words = removed + 1, words + int(self._docweight[document])
            del self._docweight[document], self._docwords[document]
        emptied = sum(self._remove_postings(number, gone[number]) for number in sorted(gone))
        self._count(-removed, -words, -emptied)
        return set(gone)

    def _add_postings(self, number: int, added: Mapping[int, int]) -> bool:
        """Whether the term had no postings before."""
        held = self._wordinfo.get(number)
        if held is not None and not isinstance(held, dict):
            held.update(added)
            return False
        self._wordinfo[number] = self._container({**(held or {}), **added})
        return held is None

    def _remove_postings(self, number: int, gone: Sequence[int]) -> bool:
        """Whether the term has no postings any more."""
        held = self._wordinfo[number]
        for document in gone:
            del held[document]
        if held:
            self._wordinfo[number] = held
            return False
        del self._wordinfo[number]
        return True

    def _container(self, postings: dict[int, int]) -> Any:
        """Few postings are smallest as a dictionary; zope.index draws the same line."""
        return postings if len(postings) <= self.DICT_CUTOFF else self.family.IF.BTree(postings)

    def _count(self, documents: int, words: int, vocabulary: int) -> None:
        self.documentCount.change(documents)
        self.wordCount.change(vocabulary)
        self._change_doc_len(words)
