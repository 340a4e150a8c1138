"""The task files that come with the project: each can be read, and what nobody may be tuned on is nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from battui.cli.bench.tasks import read_tasks

DATA = Path(__file__).parents[2] / "data"
FILES = sorted(DATA.glob("jit_*.jsonl"))
UNSEEN = DATA / "jit_unseen.jsonl"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_task_is_sent_by_its_first_case(file: Path) -> None:
    assert [task.id for task in read_tasks(str(file)) if task.sent != 0] == []


def test_unseen_tasks_are_in_no_other_file() -> None:
    unseen = read_tasks(str(UNSEEN))
    others = [task for file in FILES if file != UNSEEN for task in read_tasks(str(file))]
    assert others
    assert {task.id for task in unseen}.isdisjoint(task.id for task in others)
    said = {task.intent.casefold() for task in unseen} & {task.intent.casefold() for task in others}
    # Whoever wants so little says it in the same words.
    assert all(len(intent.split()) <= 4 for intent in said)
