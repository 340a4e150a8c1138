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
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.searching.collection import Measured, measure, read_collection
from benchmarks.searching.large import measure_large
from benchmarks.searching.ours import Battui
from benchmarks.searching.peers import bm25s_peer, fts5_peer, tantivy_peer, zope_by_itself


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
