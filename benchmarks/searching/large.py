"""What an image of many documents costs its user."""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks.searching.collection import Collection
from benchmarks.searching.ours import Battui


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
            battui.image.read(partial(search, postings=postings, query=query, plain=True))
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
