"""Search side by side with its peers, on one collection, in one run.

    python benchmarks/search.py FOLDER [--times N] [--large]

FOLDER holds docs.tsv (id, title, text), queries.tsv (id, text) and qrels.tsv (query, document, grade). `--times`
puts every document in N times, each copy with words of its own, to see how cost grows. `--large` measures what an
image of that many documents costs, without the peers: size, memory, opening, asking, packing. Peers: bm25s and
tantivy where they are installed (`pip install 'battui[bench]'`), SQLite's FTS5, and zope.index fed by itself.
Every peer answers with the ids of the ten best documents, from an open index; battui from an open connection.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

Rows = list[tuple[str, str]]
Rank = Callable[[str, int], list[str]]
Judgements = dict[str, dict[str, int]]
SINGLE_ADDS = 300


@dataclass(frozen=True)
class Collection:
    """Documents as (id, title and text), queries as (id, text), grades by query and document."""

    documents: Rows
    queries: Rows
    judgements: Judgements


@dataclass(frozen=True)
class Measured:
    """One engine's figures; times in milliseconds."""

    name: str
    rate: float
    ndcg: float
    recall: float
    p50: float
    p99: float
    firsts: dict[str, list[str]]


def read_collection(folder: Path, times: int) -> Collection:
    """Read the three files; raises OSError."""
    rows = [line.split("\t", 2) for line in _lines(folder / "docs.tsv")]
    # Without a word a document cannot be found, but zope.index would count it in the mean length.
    rows = [row for row in rows if any(text.strip() for text in row[1:])]
    documents = [(row[0], "\n".join(row[1:])) for row in rows]
    for copy in range(1, times):
        documents += [(f"{number}/{copy}", _varied(text, copy)) for number, text in documents[: len(rows)]]
    judgements: Judgements = {}
    for line in _lines(folder / "qrels.tsv"):
        query, document, grade = line.split()
        judgements.setdefault(query, {})[document] = int(grade)
    queries = [
        (number, text) for number, text in (line.split("\t", 1) for line in _lines(folder / "queries.tsv"))
    ]
    return Collection(documents, queries, judgements)


def _varied(text: str, copy: int) -> str:
    """The same text with every seventh word another one, so that copies are neighbours and no twins."""
    return " ".join(
        f"{word}{copy}" if place % 7 == copy % 7 else word for place, word in enumerate(text.split())
    )


def _lines(path: Path) -> Iterator[str]:
    yield from path.read_text(encoding="utf-8").rstrip("\n").split("\n")


def measure(name: str, collection: Collection, build: Callable[[Rows], Rank]) -> Measured:
    """Build the index, ask every query three times, and judge the first hundred answers."""
    begun = time.perf_counter()
    rank = build(collection.documents)
    rate = len(collection.documents) / (time.perf_counter() - begun)
    for _, text in collection.queries:
        rank(text, 10)
    times = sorted(_timed(rank, text) for _ in range(3) for _, text in collection.queries)
    found = {number: rank(text, 100) for number, text in collection.queries}
    ndcg, recall = judged(found, collection.judgements)
    firsts = {number: rank(text, 10) for number, text in collection.queries}
    return Measured(name, rate, ndcg, recall, statistics.median(times), times[len(times) * 99 // 100], firsts)


def _timed(rank: Rank, text: str) -> float:
    begun = time.perf_counter()
    rank(text, 10)
    return (time.perf_counter() - begun) * 1e3


def judged(found: dict[str, list[str]], judgements: Judgements) -> tuple[float, float]:
    """nDCG@10 and Recall@100, averaged over the judged queries."""
    gains, recalls = [], []
    for query, grades in judgements.items():
        answers = found.get(query, [])
        gain = sum(grades.get(name, 0) / math.log2(place + 2) for place, name in enumerate(answers[:10]))
        ideal = sorted(grades.values(), reverse=True)[:10]
        gains.append(gain / sum(grade / math.log2(place + 2) for place, grade in enumerate(ideal)))
        recalls.append(sum(name in grades for name in answers[:100]) / len(grades))
    return statistics.mean(gains), statistics.mean(recalls)


class Battui:
    """The catalog, on disk, with one commit for each batch that `battui index` would make."""

    def __init__(self, folder: str) -> None:
        from battui.image.image import Image

        self.image = Image.open(folder)
        self._connection = self.image.database.open()

    def close(self) -> None:
        self._connection.close()
        self.image.close()

    def build(self, documents: Rows) -> Rank:
        from battui.catalog.ingestion import Ingestion
        from battui.catalog.sources import Manner, given_source

        manner = Manner()
        ingestion = Ingestion(self.image, manner)
        for number, text in documents:
            ingestion.take(given_source(number, number, text.encode(), manner, kind="row"))
        ingestion.finish()
        return self.ranker()

    def ranker(self) -> Rank:
        """Names of documents are looked up beforehand, as the peers do."""
        from battui.catalog.postings import Postings
        from battui.catalog.query import Words
        from battui.catalog.ranking import rank
        from battui.catalog.shelf import chunk_numbers, shelf_of
        from battui.image.world import World

        self._connection.sync()
        world = World(self._connection)
        shelf, postings = shelf_of(world), Postings()
        assert shelf is not None
        names = {
            chunk: document.name for document in shelf.documents.values() for chunk in chunk_numbers(document)
        }
        return lambda text, top: [names[each.chunk] for each in rank(shelf, postings, Words(text), top=top)]

    def single_adds(self, documents: Rows) -> tuple[float, float]:
        """Durable one-document adds a second, and the same number of bare commits with an fsync each."""
        from battui.catalog.sources import Manner, draft_of, given_source
        from battui.catalog.storing import put_document

        manner = Manner()
        drafts = [
            draft_of(given_source(f"new {number}", number, text.encode(), manner, kind="row"), manner)
            for number, text in documents[:SINGLE_ADDS]
        ]
        begun = time.perf_counter()
        for draft in drafts:
            self.image.perform("add", lambda world, draft=draft: put_document(world, draft))
        adds = len(drafts) / (time.perf_counter() - begun)
        begun = time.perf_counter()
        for number in range(SINGLE_ADDS):
            self.image.perform("bare", lambda world, number=number: world.lobby.__setitem__("bare", number))
        return adds, SINGLE_ADDS / (time.perf_counter() - begun)


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


def report(results: Sequence[Measured], reference: Measured) -> None:
    """Print one line an engine; `same` counts the queries with the reference's first ten in its order."""
    ours = results[0]
    print(
        f"{'':12} {'nDCG@10':>8} {'R@100':>7} {'docs/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'p50 ratio':>10}  same"
    )
    for each in results:
        same = sum(each.firsts[query] == firsts for query, firsts in reference.firsts.items())
        print(
            f"{each.name:12} {each.ndcg:8.4f} {each.recall:7.4f} {each.rate:8.0f} {each.p50:8.3f} {each.p99:8.3f} "
            f"{each.p50 / ours.p50:9.1f}x  {same}/{len(reference.firsts)}"
        )


def measure_large(collection: Collection) -> None:
    """Build an image, then open it in processes of their own: what a user waits for, and how much memory it takes."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        battui = Battui(folder)
        battui.build(collection.documents)
        battui.close()
        spent = time.perf_counter() - begun
        size = _size(folder)
        print(f"built: {len(collection.documents) / spent:.0f} documents/s, image {size >> 20} MiB")
        print(_alone("bare", folder, collection), _alone("asked", folder, collection), sep="\n")
        print(_alone("packed", folder, collection))
        print(f"image {_size(folder) >> 20} MiB after packing")


def _size(folder: str) -> int:
    return (Path(folder) / "image.fs").stat().st_size


def _alone(work: str, folder: str, collection: Collection) -> str:
    """Do one thing with the image in a new process; its figures in a line."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_measured_alone, (work, folder, [text for _, text in collection.queries]))


def _measured_alone(work: str, folder: str, queries: list[str]) -> str:
    begun = time.perf_counter()
    battui = Battui(folder)
    parts = [f"{work}: opened in {time.perf_counter() - begun:.2f} s"]
    if work == "packed":
        begun = time.perf_counter()
        battui.image.database.pack()
        parts.append(f"packed in {time.perf_counter() - begun:.1f} s")
    if work == "asked":
        from battui.catalog.passages import search
        from battui.catalog.postings import Postings

        postings = Postings()
        times = []
        for query in (*queries, *queries):
            begun = time.perf_counter()
            battui.image.read(lambda world, query=query: search(world, postings, query, plain=True))
            times.append((time.perf_counter() - begun) * 1e3)
        again = sorted(times[len(queries) :])
        parts.append(f"first query {times[0]:.0f} ms")
        parts.append(
            f"new queries {statistics.median(times[: len(queries)]):.2f} ms (median, passages included)"
        )
        parts.append(
            f"asked again {statistics.median(again):.2f} ms, p99 {again[len(again) * 99 // 100]:.2f} ms"
        )
    battui.close()
    parts.append(f"peak {_peak() >> 10} MiB")
    return ", ".join(parts)


def _peak() -> int:
    """The most memory that this process has had, in KiB; getrusage would count its parent's before the start."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, help="docs.tsv, queries.tsv and qrels.tsv lie there")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--large", action="store_true")
    arguments = parser.parse_args()
    if arguments.folder is None:
        print("skipped: name a folder with a collection, docs.tsv, queries.tsv and qrels.tsv")
        return 0
    collection = read_collection(arguments.folder, arguments.times)
    print(f"{len(collection.documents)} documents, {len(collection.queries)} queries")
    if arguments.large:
        measure_large(collection)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        battui = Battui(folder)
        results = [measure("battui", collection, battui.build)]
        adds, bare = battui.single_adds(collection.documents)
        battui.close()
    reference = measure("zope.index", collection, zope_by_itself)
    results.append(reference)
    for name, build in (("bm25s", bm25s_peer), ("tantivy", tantivy_peer), ("SQLite FTS5", fts5_peer)):
        try:
            results.append(measure(name, collection, build))
        except (ImportError, sqlite3.OperationalError) as error:
            print(f"{name}: left out ({error})")
    report(results, reference)
    print(
        f"durable adds of one document: {adds:.0f}/s; bare commits: {bare:.0f}/s; {adds / bare:.2f} of them"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
