"""Data from families: executed, split by family, and the same for a seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import trio

from battui.cli.bench.judging import judge
from battui.cli.bench.tasks import read_tasks
from battui.contracts.activation import CellLimits, MethodText
from battui.kernel.cells.cells import CellBlock
from tests.unit.training.family_files import DEPOSIT, LARGEST, written
from training import data
from training.splits import PARTS, part_of

ANOTHER = ', "return sorted(self.<item+>)[-1]"'
REFUSING = next(f"refusing-{number}" for number in range(1000) if part_of(f"refusing-{number}") == "test")
NAMES = tuple(f"family-{number}" for number in range(1000))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of families with many ids, so that each part has some."""
    folder = tmp_path_factory.mktemp("made")
    some = [name for part in PARTS for name in [one for one in NAMES if part_of(one) == part][:3]]
    texts = [DEPOSIT.replace("money-deposit", name) for name in some]
    texts += [LARGEST.replace("list-largest", f"{name}-too") for name in some]
    refusing = LARGEST.replace("list-largest", REFUSING).replace("tier = 1", "tier = 1\nrefuses = true")
    texts.append(
        refusing.replace("return max(self.<item+>)", "raise NotImplementedError('no')").replace(ANOTHER, "")
    )
    texts.append(DEPOSIT.replace("money-deposit", "money-wrong").replace("<balance> + <amount>", "<balance>"))
    path = written(folder, "".join(texts))
    assert (
        data.main(
            ["--out", str(folder / "one"), "--per-family", "5", "--families", str(path), "--workers", "1"]
        )
        == 0
    )
    assert (
        data.main(
            ["--out", str(folder / "two"), "--per-family", "5", "--families", str(path), "--workers", "2"]
        )
        == 0
    )
    return folder


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_same_bytes_come_of_any_number_of_processes(made: Path) -> None:
    for path in (made / "one").iterdir():
        assert path.read_bytes() == (made / "two" / path.name).read_bytes()


def test_families_are_split_and_not_examples(made: Path) -> None:
    found = {part: {line["family"] for line in lines(made / "one" / f"{part}.jsonl")} for part in PARTS}

    assert all(found.values())
    assert all(part_of(family) == part for part, families in found.items() for family in families)


def test_a_family_with_a_fault_is_dropped_and_named(made: Path) -> None:
    told = json.loads((made / "one" / "data.json").read_text(encoding="utf-8"))

    assert list(told["dropped"]) == ["money-wrong"]
    assert told["families"] == 20


def test_a_line_is_a_prompt_and_what_goes_on_from_it(made: Path) -> None:
    for line in lines(made / "one" / "train.jsonl"):
        head = line["prompt"].rpartition("\n")[2]
        assert head.startswith(f"def {line['task']['selector']}(self")
        assert head.endswith("):")
        assert line["completion"].startswith("\n    ")
        assert line["completion"] == line["completion"].rstrip()
        assert f"# {line['task']['intent']}\n" in line["prompt"]


def test_refusals_are_learned_and_not_put_to_the_bench(made: Path) -> None:
    learned = [line for line in lines(made / "one" / "test.jsonl") if line["family"] == REFUSING]

    assert learned
    assert all(line["completion"] == "\n    raise NotImplementedError('no')" for line in learned)
    assert not any(task["id"].startswith(REFUSING) for task in lines(made / "one" / "test.tasks.jsonl"))


async def test_the_completion_passes_every_case_of_its_task(made: Path) -> None:
    cells = CellBlock()
    async with trio.open_nursery() as nursery:
        await nursery.start(cells.run)
        completions = {line["task"]["id"]: line for line in lines(made / "one" / "development.jsonl")}
        for task in read_tasks(str(made / "one" / "development.tasks.jsonl")):
            line = completions[task.id]
            method = MethodText(line["prompt"].rpartition("\n")[2] + line["completion"], task.parameters)
            assert len(task.cases) >= 4
            assert task.sent == 0
            lacking = await judge(cells, task.selector, method, task.cases, CellLimits())
            assert not any(lacking.values()), lacking
        nursery.cancel_scope.cancel()


def test_every_part_of_a_split_has_about_its_share_and_none_ever_moves() -> None:
    parts = [part_of(name) for name in NAMES]

    assert 20 < parts.count("development") < 65
    assert 20 < parts.count("test") < 65
    assert [part_of(name) for name in ("j", "l")] == ["test", "development"]
