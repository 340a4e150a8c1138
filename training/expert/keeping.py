"""A few examples and tasks that are kept beside the code: what a personal adapter must not forget.

They are drawn from the same data that the shipped expert is trained and judged on: an example each of some training
families, and a task each of some development families.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "kept"
EXAMPLES, TASKS = FOLDER / "examples.jsonl", FOLDER / "tasks.jsonl"
EXAMPLES_KEPT = 200
TASKS_KEPT = 24


def keep(data: Path, examples: Path = EXAMPLES, tasks: Path = TASKS) -> tuple[int, int]:
    """Draw both from a folder of data; how many there are of each. The same data gives the same files."""
    told = ("family", "tier", "prompt", "completion")
    drawn = list(_one_of_each(_lines(data / "train.jsonl"), EXAMPLES_KEPT, lambda line: str(line["family"])))
    _write(examples, ({name: line[name] for name in told} for line in drawn))
    judging = list(_lines(data / "development.tasks.jsonl"))
    by_tier = [
        each
        for tier in (1, 2, 3)
        for each in _one_of_each(
            (task for task in judging if task["tier"] == tier),
            TASKS_KEPT // 3,
            lambda task: str(task["id"]).rpartition("-")[0],
        )
    ]
    _write(tasks, by_tier)
    return len(drawn), len(by_tier)


def _one_of_each(lines: Iterable[Mapping[str, Any]], most: int, family: Any) -> Iterator[Mapping[str, Any]]:
    """The first of each family, families in an order that hangs on their names alone."""
    first: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        first.setdefault(family(line), line)
    for name in sorted(first, key=lambda name: hashlib.sha256(name.encode()).digest())[:most]:
        yield first[name]


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _write(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    path.write_text(text, encoding="utf-8")
