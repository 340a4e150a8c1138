"""What people use instead, each fed with the same documents."""

from __future__ import annotations

import re
import sqlite3

from benchmarks.searching.collection import Rank, Rows


def zope_by_itself(documents: Rows) -> Rank:
    """zope.index as it comes, but for stop words, stemmer and 64-bit numbers; one document after another."""
    import BTrees
    from zope.index.text.lexicon import Lexicon
    from zope.index.text.okapiindex import OkapiIndex

    from battui.catalog.analysis import DEFAULT_LANGUAGE, Analyser

    index = OkapiIndex(Lexicon(Analyser(DEFAULT_LANGUAGE)), BTrees.family64)
    for number, (_, text) in enumerate(documents):
        index.index_doc(number, text)

    def rank(text: str, top: int) -> list[str]:
        found = index.search(text) or {}
        best = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:top]
        return [documents[number][0] for number, _ in best]

    return rank


def bm25s_peer(documents: Rows) -> Rank:
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    retriever = bm25s.BM25()
    texts = [text for _, text in documents]
    retriever.index(
        bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False
    )

    def rank(text: str, top: int) -> list[str]:
        tokens = bm25s.tokenize(text, stopwords="en", stemmer=stemmer, show_progress=False)
        found, scores = retriever.retrieve(tokens, k=min(top, len(documents)), show_progress=False)
        return [documents[number][0] for number, score in zip(found[0], scores[0], strict=True) if score > 0]

    return rank


def tantivy_peer(documents: Rows) -> Rank:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("number", stored=True, fast=True)
    builder.add_text_field("body", stored=False, tokenizer_name="en_stem")
    index = tantivy.Index(builder.build())
    writer = index.writer(heap_size=128_000_000)
    for number, (_, text) in enumerate(documents):
        writer.add_document(tantivy.Document(number=number, body=text))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def rank(text: str, top: int) -> list[str]:
        query = index.parse_query(" ".join(re.findall(r"\w+", text.lower())), ["body"])
        hits = searcher.search(query, top).hits
        return [documents[searcher.doc(address)["number"][0]][0] for _, address in hits]

    return rank


def fts5_peer(documents: Rows) -> Rank:
    base = sqlite3.connect(":memory:")
    base.execute("create virtual table docs using fts5(body, content='', tokenize='porter unicode61')")
    base.executemany(
        "insert into docs(rowid, body) values (?, ?)",
        ((number, text) for number, (_, text) in enumerate(documents, 1)),
    )
    base.commit()

    def rank(text: str, top: int) -> list[str]:
        words = " OR ".join(f'"{word}"' for word in re.findall(r"[^\W_]+", text))
        found = base.execute("select rowid from docs where docs match ? order by rank limit ?", (words, top))
        return [documents[number - 1][0] for (number,) in found]

    return rank
