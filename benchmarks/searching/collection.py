"""A judged collection, and how well and how fast an engine answers its queries."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Rows = list[tuple[str, str]]
Rank = Callable[[str, int], list[str]]
Judgements = dict[str, dict[str, int]]


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
