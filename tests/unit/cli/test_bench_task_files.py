"""The task files that come with the project: each can be read, and what is kept apart is nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from battui.cli.bench.tasks import read_tasks

DATA = Path(__file__).parents[2] / "data"
FILES = sorted(DATA.glob("jit_*.jsonl"))
KEPT_APART = DATA / "jit_kept_apart.jsonl"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_task_is_sent_by_its_first_case(file: Path) -> None:
    assert [task.id for task in read_tasks(str(file)) if task.sent != 0] == []


def test_kept_apart_tasks_are_in_no_other_file() -> None:
    apart = read_tasks(str(KEPT_APART))
    others = [task for file in FILES if file != KEPT_APART for task in read_tasks(str(file))]
    assert others
    assert {task.id for task in apart}.isdisjoint(task.id for task in others)
    assert {task.intent.casefold() for task in apart}.isdisjoint(task.intent.casefold() for task in others)
