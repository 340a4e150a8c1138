"""Rejection sampling: examples from what the expert itself writes on families that it is trained on.

Where its first candidate is wrong and another passes all hidden cases, the shortest of these that is general becomes
an example; and the wrong one, with what a mission says of it, becomes a repair.
"""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import trio

from battui.cli.bench.expectations import expectation_of
from battui.contracts.cases import case_from
from battui.contracts.generation import Engine
from training.drawing import indented
from training.examples import Example, prompt_for
from training.execution import Runs, cells_to_run_in
from training.expert.candidates import Candidate, is_general, judge, write
from training.repairs import failure_of
from training.splits import part_of

SAMPLES, EXTRA, SUMMARY = "samples.jsonl", "train.jsonl", "sample.json"
TOLD_EVERY = 10.0
AT_ONCE = 4
"""Tasks under way: the engine writes for several at once, and goes on while one is judged."""


@dataclass(slots=True)
class Sampled:
    """What came of some tasks; `first` and `any_right` count tasks, `examples` and `repairs` what was made."""

    tasks: int = 0
    first: int = 0
    any_right: int = 0
    examples: int = 0
    repairs: int = 0
    seconds: float = 0.0
    made: list[dict[str, Any]] = field(default_factory=list)

    def add(self, line: Mapping[str, Any]) -> None:
        """Count a line of the file of samples."""
        self.tasks += 1
        self.first += line["first"]
        self.any_right += line["right"] > 0
        repairs = sum(each["task"]["id"].endswith("-repair") for each in line["made"])
        self.repairs += repairs
        self.examples += len(line["made"]) - repairs
        self.seconds += line["seconds"]
        self.made += line["made"]

    def told(self) -> dict[str, float]:
        """In numbers; the yield is what was made in a minute."""
        made = self.examples + self.repairs
        minutes = self.seconds / 60
        return {
            **{name: getattr(self, name) for name in ("tasks", "first", "any_right", "examples", "repairs")},
            "minutes": round(minutes, 2),
            "made_per_minute": round(made / minutes, 1) if minutes else 0.0,
        }


def drawn(data: Path, most: int, seed: int) -> list[Example]:
    """Tasks of families that are trained on, one a family before any family has two."""
    with (data / EXTRA).open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    random = Random(seed)
    random.shuffle(lines)
    taken: dict[str, int] = {}
    ranked = []
    for line in lines:
        if not line["task"]["id"].endswith("-repair") and part_of(line["family"]) == "train":
            taken[line["family"]] = rank = taken.get(line["family"], -1) + 1
            ranked.append((rank, line))
    ranked.sort(key=lambda pair: pair[0])
    return [Example(**line) for _, line in ranked[:most]]


def sample(
    examples: Sequence[Example], engine: Engine, folder: Path, *, count: int, tell: Callable[[str], None]
) -> Sampled:
    """Write `count` candidates for each task and keep what can be learned from them in `folder`.

    Goes on where it was interrupted; the folder has, at the end, the new examples and a summary.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / SAMPLES
    known = {line["id"]: line for line in _whole_lines(path)}
    total = len(examples)
    left = [example for example in examples if example.task["id"] not in known]
    trio.run(_Sampling(engine, path, count, tell, total=total, done=total - len(left)).run, left)
    known = {line["id"]: line for line in _whole_lines(path)}
    sampled = Sampled()
    for example in examples:
        sampled.add(known[example.task["id"]])
    text = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in sampled.made)
    (folder / EXTRA).write_text(text, encoding="utf-8")
    (folder / SUMMARY).write_text(json.dumps(sampled.told(), indent=1) + "\n", encoding="utf-8")
    return sampled


class _Sampling:
    """One run: tasks to the engine, candidates to the cells, a line for each task to the file."""

    def __init__(
        self, engine: Engine, path: Path, count: int, tell: Callable[[str], None], *, total: int, done: int
    ) -> None:
        self._engine, self._path, self._count, self._tell = engine, path, count, tell
        self._total, self._done = total, done
        self._sampled = Sampled()
        self._began = self._told_at = self._ended = time.monotonic()

    async def run(self, examples: Sequence[Example]) -> None:
        """Sample all of them."""
        waiting = iter(examples)
        async with cells_to_run_in() as runs, trio.open_nursery() as nursery:
            for _ in range(AT_ONCE):
                nursery.start_soon(self._work, waiting, runs)

    async def _work(self, waiting: Iterator[Example], runs: Runs) -> None:
        for example in waiting:
            name = example.task["id"]
            texts = await trio.to_thread.run_sync(write, self._engine, name, example.prompt, self._count)
            candidates = await judge(example.task, texts, runs)
            found = [each for each in candidates if each]
            made = await _made(example, texts[0].text, candidates, runs)
            # Tasks overlap: each is charged with the time since the last one ended.
            ended = time.monotonic()
            seconds, self._ended = ended - self._ended, ended
            self._add(
                {
                    "id": name,
                    "first": bool(candidates[0] and candidates[0].right),
                    "right": sum(each.right for each in found),
                    "of": len(found),
                    "seconds": round(seconds, 3),
                    "made": [each.line() for each in made],
                }
            )

    def _add(self, line: Mapping[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            print(json.dumps(line, ensure_ascii=False), file=file)
        self._sampled.add(line)
        done = self._done + self._sampled.tasks
        if time.monotonic() - self._told_at >= TOLD_EVERY or done == self._total:
            self._told_at = time.monotonic()
            told = self._sampled.told()
            left = (self._told_at - self._began) / self._sampled.tasks * (self._total - done)
            self._tell(
                f"{done} of {self._total} tasks: first right {told['first']}, any right {told['any_right']}; "
                f"{told['examples']} examples, {told['repairs']} repairs, {told['made_per_minute']} a minute; "
                f"{left:.0f} s left"
            )


async def _made(
    example: Example, first: str, candidates: Sequence[Candidate | None], runs: Runs
) -> list[Example]:
    """What can be learned from the candidates; nothing where the first one is right."""
    if candidates[0] and candidates[0].right:
        return []
    reference = textwrap.dedent(example.completion.strip("\n"))
    right = [each for each in candidates if each and each.right and is_general(each, example.task, reference)]
    shortest = min(right, key=lambda each: each.size, default=None)
    completion = f"\n{indented(shortest.body)}" if shortest else example.completion
    made = []
    if shortest:
        task = {**example.task, "id": f"{example.task['id']}-own"}
        made.append(replace(example, completion=completion, task=task))
    repair = await _repair(example, first, completion, runs)
    return [*made, repair] if repair else made


async def _repair(example: Example, wrong: str, completion: str, runs: Runs) -> Example | None:
    """The task again, with what a mission says of the wrong candidate; None where it says nothing."""
    expectation = _expectation(example)
    failure = await failure_of(example, wrong, expectation, runs, Random(example.task["id"]))
    if not failure:
        return None
    task = {**example.task, "id": f"{example.task['id']}-own-repair"}
    return replace(
        example, prompt=prompt_for(task, expectation, (failure,)), completion=completion, task=task
    )


def _expectation(example: Example) -> str:
    """That which stands in the prompt; else what its case comes to, without which hardly anything fails."""
    for line in example.prompt.split("\n"):
        if line.startswith("# => "):
            return line.removeprefix("# => ")
    case = case_from(example.task["cases"][0], "case 0", "an example")
    return "" if case.raises else expectation_of(case)[0]


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """What is there already; a line that was cut short goes, and its task comes anew."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        path.write_bytes(whole)
    return [json.loads(line) for line in whole.splitlines()]
