"""Make the data: `python -m training.data --seed 1 --per-family N --out FOLDER`.

Writes `train.jsonl`, `development.jsonl` and `test.jsonl`, the tasks of the latter two for `battui bench jit`, and
`data.json`, which tells what went in and what was dropped. The same seed and families make the same bytes, however
many processes work.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from random import Random
from typing import Any

from battui.cell.linux import die_with_parent
from training.examples import Example
from training.families import Family, family_files, read_files
from training.making import Made, Order, make, with_intents
from training.pairs import partners
from training.splits import PARTS, part_of
from training.telling import say, tell

AT_ONCE = 6
"""Families that a process takes at a time."""
TASKS = 2
"""Tasks of each family in the files for the bench: more would tell the same of it again."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make and write; the exit code is 1 where there is nothing to make data of."""
    asked = _arguments(arguments)
    files = asked.families or family_files()
    reading = read_files(files)
    for error in reading.errors:
        tell(f"left out: {error}")
    dropped = _named(asked.drop)
    families = [family for family in reading.families if family.id not in dropped]
    if not families:
        tell("There are no families.")
        return 1
    made = list(_made(families, asked))
    written = _write(asked.out, made, asked.seed)
    told = {"seed": asked.seed, "per_family": asked.per_family, "families": len(families), **written}
    told |= {"left_out": len(reading.errors) + len(dropped), "source": _digest(files)}
    (asked.out / "data.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    say(json.dumps({**told, "dropped": len(written["dropped"])}, indent=1))
    return 0


def _made(families: Sequence[Family], asked: argparse.Namespace) -> Iterator[Made]:
    """What came of the families, in their order, whatever was ready first."""
    orders = list(_orders(families, asked.per_family, asked.seed, asked.intents))
    workers = asked.workers
    progress = _Progress(len(families))
    if workers == 1:
        for order in orders:
            made = make(order)
            progress(len(order.families), len(made.examples))
            yield made
        return
    # Workers wait for the next task for ever, also where nobody is left to give it.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn, initializer=die_with_parent) as pool:
        numbers = {pool.submit(make, order): place for place, order in enumerate(orders)}
        ready: dict[int, Made] = {}
        for future in as_completed(numbers):
            ready[numbers[future]] = made = future.result()
            progress(len(orders[numbers[future]].families), len(made.examples))
    yield from (ready[place] for place in range(len(orders)))


def _orders(families: Sequence[Family], per_family: int, seed: int, intents: int | None) -> Iterator[Order]:
    """Some families at a time, each time with others to be paired with."""
    for start in range(0, len(families), AT_ONCE):
        offered = partners(families, Random(f"{seed} partners {start}"))
        cut = {part: [with_intents(one, intents) for one in some] for part, some in offered.items()}
        yield Order(families[start : start + AT_ONCE], per_family, seed, cut, intents)


class _Progress:
    """Says how far the work is, and how fast."""

    def __init__(self, families: int) -> None:
        self._families = families
        self._done = 0
        self._examples = 0
        self._began = time.monotonic()
        self._told = 0.0

    def __call__(self, families: int, examples: int) -> None:
        self._done += families
        self._examples += examples
        seconds = time.monotonic() - self._began
        if seconds - self._told > 5 or self._done == self._families:
            self._told = seconds
            rate = self._examples / max(seconds, 0.001)
            left = seconds / self._done * (self._families - self._done)
            tell(
                f"{self._done} of {self._families} families, {self._examples} examples, "
                f"{rate:.0f} a second, {left:.0f} s left"
            )


def _write(folder: Path, made: Iterable[Made], seed: int) -> dict[str, Any]:
    """Write the files; what they hold, in numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: dict[str, list[Example]] = {part: [] for part in PARTS}
    dropped: dict[str, str] = {}
    unfit: Counter[str] = Counter()
    for one in made:
        dropped |= one.dropped
        unfit += one.unfit
        for example in one.examples:
            parts[part_of(example.family)].append(example)
    for part, examples in parts.items():
        Random(f"{seed} {part}").shuffle(examples)
        _write_lines(folder / f"{part}.jsonl", (example.line() for example in examples))
        if part != "train":
            _write_lines(folder / f"{part}.tasks.jsonl", _tasks(examples))
    told = {part: _numbers(examples) for part, examples in parts.items()}
    return {"parts": told, "unfit": dict(sorted(unfit.items())), "dropped": dict(sorted(dropped.items()))}


def _tasks(examples: Iterable[Example]) -> Iterator[dict[str, Any]]:
    taken: Counter[str] = Counter()
    for example in sorted(examples, key=lambda one: (one.tier, one.family)):
        # A mission never keeps a method that refuses, so the bench could not call it right.
        refuses = bool(example.task["cases"][0].get("raises"))
        if taken[example.family] < TASKS and not refuses:
            taken[example.family] += 1
            yield example.task


def _numbers(examples: Sequence[Example]) -> dict[str, Any]:
    tiers = Counter(str(example.tier) for example in examples)
    return {
        "examples": len(examples),
        "families": len({example.family for example in examples}),
        "tiers": dict(sorted(tiers.items())),
        "characters": sum(len(example.prompt) + len(example.completion) for example in examples),
    }


def _write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)


def _digest(files: Iterable[Path]) -> str:
    """One number for all families, in the order of their files."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files if path.exists())).hexdigest()


def _named(path: Path | None) -> frozenset[str]:
    return frozenset(path.read_text(encoding="utf-8").split()) if path else frozenset()


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.data", description="Make the expert's data.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-family", type=int, default=20, metavar="N", help="examples (default: 20)")
    parser.add_argument("--intents", type=int, metavar="N", help="no more of each family (default: all)")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--drop", type=Path, metavar="FILE", help="ids of families that are not used")
    parser.add_argument("--families", type=Path, nargs="+", metavar="FILE", help="default: all of them")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), metavar="N")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
