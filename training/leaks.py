"""Look for leaks: `python -m training.leaks [TASKS.jsonl...] [--drop FILE]`.

A family that is trained on leaks if it says nearly what a task says that is held back (of the development and test
families, and of the files given) and does the same: by its tree, or when it is run on that task's cases. One tree
alone is unavoidable for simple methods, and a note from tier 2 on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import trio

from battui.contracts.errors import UsageError
from training.execution import Job, Runs, cells_to_run_in
from training.families import Family, family_files, read_files
from training.held_back import HeldBack, Trained, held_back_family, held_back_tasks, orders, same, trained
from training.similarity import nearness
from training.splits import part_of
from training.telling import say, tell

NEAR = 0.6
TOGETHER = 40
"""Methods that are run in one activation."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A family near to a task that is held back; `note` where only their trees are one."""

    family: str
    held: str
    nearness: float
    note: bool = False

    def __str__(self) -> str:
        kind = "note: one tree" if self.note else "LEAK"
        return f"{kind}: {self.family} and {self.held} ({self.nearness:.2f} of the words)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Look and print; the exit code is 1 where something leaks and no list of families to drop is written."""
    asked = _arguments(arguments)
    families = read_files(asked.families or family_files()).families
    try:
        tasks = [task for file in asked.tasks for task in held_back_tasks(file)]
    except UsageError as error:
        tell(str(error))
        return 2
    leaks = trio.run(find_leaks, families, tasks)
    for leak in leaks:
        if not leak.note or asked.notes:
            say(str(leak))
    leaking = sorted({leak.family for leak in leaks if not leak.note})
    notes = sum(leak.note for leak in leaks)
    say(f"{len(leaking)} of {len(families)} families leak; {notes} notes of one tree.")
    if asked.drop:
        asked.drop.write_text("".join(f"{family}\n" for family in leaking), encoding="utf-8")
        return 0
    return 1 if leaking else 0


async def find_leaks(families: Sequence[Family], tasks: Sequence[HeldBack]) -> list[Leak]:
    """Leaks and notes, by family."""
    known = [seen for family in families if part_of(family.id) == "train" for seen in _seen(family)]
    held = list(tasks)
    async with cells_to_run_in() as runs:
        for family in families:
            if part_of(family.id) != "train":
                held += await _held(family, runs)
        pairs = [pair for one in known for pair in _pairs(one, held)]
        doing_the_same = await _doing_the_same(
            [(one, task) for one, task, near in pairs if near >= NEAR], runs
        )
    return list(_leaks(pairs, doing_the_same))


def _seen(family: Family) -> Iterator[Trained]:
    try:
        yield trained(family)
    except (UsageError, SyntaxError):
        tell(f"passed over: {family.where}")


async def _held(family: Family, runs: Runs) -> list[HeldBack]:
    try:
        return [await held_back_family(family, runs)]
    except (UsageError, SyntaxError):
        tell(f"passed over: {family.where}")
        return []


def _pairs(one: Trained, held: Sequence[HeldBack]) -> Iterator[tuple[Trained, HeldBack, float]]:
    """What is near in words, or is one tree."""
    for task in held:
        near = max((nearness(said, told) for said in one.intents for told in task.intents), default=0.0)
        if near >= NEAR or one.trees & task.trees:
            yield one, task, near


def _leaks(
    pairs: Sequence[tuple[Trained, HeldBack, float]], doing_the_same: set[tuple[str, str]]
) -> Iterator[Leak]:
    for one, task, near in pairs:
        one_tree = bool(one.trees & task.trees)
        if near >= NEAR and (one_tree or (one.id, task.id) in doing_the_same):
            yield Leak(one.id, task.id, near)
        elif one_tree and task.tier >= 2:
            yield Leak(one.id, task.id, near, note=True)


async def _doing_the_same(pairs: Sequence[tuple[Trained, HeldBack]], runs: Runs) -> set[tuple[str, str]]:
    """The ids of those pairs whose family's method does what the task asks."""
    jobs = [
        (one, task, Job(tuple(one.member.parameters), one.member.bodies[0], situations))
        for one, task in pairs
        for situations in orders(task, one.member)
    ]
    found = set()
    for start in range(0, len(jobs), TOGETHER):
        some = jobs[start : start + TOGETHER]
        outcomes = await runs.together([job for _, _, job in some])
        for (one, task, job), came in zip(some, outcomes, strict=True):
            if same(task, job.situations, came):
                found.add((one.id, task.id))
    return found


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.leaks", description="Look for leaks.")
    parser.add_argument("tasks", nargs="*", metavar="TASKS", help="files of tasks that are not trained on")
    parser.add_argument("--families", type=Path, nargs="+", metavar="FILE", help="default: all of them")
    parser.add_argument("--drop", type=Path, metavar="FILE", help="write the ids of leaking families there")
    parser.add_argument("--notes", action="store_true", help="print the notes, too")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
