"""Rejection sampling: an expert's own candidates, judged in cells by the hidden cases."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from battui.contracts.generation import (
    EngineDescription,
    Generated,
    GenerationRequest,
    GenerationResult,
    OnToken,
)
from training.examples import Example, prompt_for
from training.execution import cells_to_run_in
from training.expert.candidates import Candidate, is_general, judge
from training.expert.refining import told_of_both, write_mixture
from training.expert.sampling import drawn, sample
from training.splits import part_of

TRAINED = next(f"family-{number}" for number in range(100) if part_of(f"family-{number}") == "train")
HELD = next(f"family-{number}" for number in range(1000) if part_of(f"family-{number}") == "test")


PRICES = ([3, 87, 5], [1], [-2, -9])


def task(name: str = "some-1") -> dict[str, Any]:
    told = {"id": name, "tier": 1, "selector": "dearest", "params": [], "intent": "return the dearest price"}
    return {**told, "cases": [case(prices) for prices in PRICES]}


def case(prices: list[int]) -> dict[str, Any]:
    return {"slots": {"prices": prices}, "args": {}, "after": {"prices": prices}, "result": max(prices)}


def example(name: str = "some-1", family: str = TRAINED) -> Example:
    return Example(family, 1, prompt_for(task(name)), "\n    return sorted(self.prices)[-1]", task(name))


def texts(*bodies: str) -> list[Generated]:
    return [Generated(number, f"\n    {body}\n", 9, "stop") for number, body in enumerate(bodies)]


class Scripted:
    """An engine that has bodies for the tasks by name, the first of them as its greedy text."""

    def __init__(self, bodies: dict[str, Sequence[str]]) -> None:
        self.bodies = bodies
        self.asked: Counter[str] = Counter()

    def generate(self, request: GenerationRequest, on_token: OnToken) -> GenerationResult:
        name, kind = request.id.split(" ")
        self.asked[name] += 1
        first, *others = self.bodies[name]
        assert request.branches == (kind == "others")
        return GenerationResult(request.id, tuple(texts(*(others if request.branches else [first]))))

    def describe(self) -> EngineDescription:
        return EngineDescription("scripted", "1")


def sampled(folder: Path, engine: Scripted, *examples: Example) -> dict[str, float]:
    return sample(examples, engine, folder, count=4, tell=lambda _: None).told()  # type: ignore[arg-type]


def made(folder: Path) -> dict[str, dict[str, Any]]:
    lines = map(json.loads, (folder / "train.jsonl").read_text().splitlines())
    return {line["task"]["id"]: line for line in lines}


async def test_a_candidate_is_right_where_it_passes_every_case() -> None:
    written = texts(
        "return max(self.prices)", "return 87", "import os", "return  max(self.prices)", "return self.x"
    )
    async with cells_to_run_in() as runs:
        found = await judge(task(), written, runs)
    assert [each and each.right for each in found] == [True, False, None, None, False]


@pytest.mark.parametrize(
    ("body", "general"),
    [
        ("return max(self.prices)", True),
        ("return 87 if len(self.prices) > 1 else self.prices[0]", False),
        ("return sorted(self.prices)[-1]", True),
        ("return max(self.prices, default=41)", True),
    ],
)
def test_general_is_what_names_no_value_that_was_only_shown(body: str, general: bool) -> None:
    assert is_general(Candidate("", body, True), task(), "return max(self.prices)") is general


def test_the_shortest_right_candidate_becomes_an_example_and_the_wrong_one_a_repair(tmp_path: Path) -> None:
    bodies = (
        "return min(self.prices)",
        "x = sorted(self.prices)\n    return x[-1]",
        "return max(self.prices)",
        "return self.prices[0]",
    )
    told = sampled(tmp_path, Scripted({"some-1": bodies}), example())

    assert {name: told[name] for name in ("tasks", "first", "any_right", "examples", "repairs")} == {
        "tasks": 1,
        "first": 0,
        "any_right": 1,
        "examples": 1,
        "repairs": 1,
    }
    own, repair = made(tmp_path)["some-1-own"], made(tmp_path)["some-1-own-repair"]
    assert own["completion"] == repair["completion"] == "\n    return max(self.prices)"
    assert own["prompt"] == example().prompt
    assert "# => result == 87" in repair["prompt"]
    assert "# wrong: guardian: accepted; cell: ran, but the expectation does not hold" in repair["prompt"]


def test_where_nothing_is_right_the_reference_repairs_and_where_the_first_is_nothing_is_made(
    tmp_path: Path,
) -> None:
    wrong, right = example("some-1"), example("some-2")
    engine = Scripted({"some-1": ["return self.nothing"], "some-2": ["return max(self.prices)"]})
    engine.bodies = {name: [*bodies, "return 0"] for name, bodies in engine.bodies.items()}

    told = sampled(tmp_path, engine, wrong, right)

    assert (told["first"], told["any_right"], told["examples"], told["repairs"]) == (1, 1, 0, 1)
    (repair,) = made(tmp_path).values()
    assert repair["completion"] == wrong.completion
    assert "# wrong: guardian: accepted; cell: " in repair["prompt"]


def test_sampling_goes_on_where_it_stopped(tmp_path: Path) -> None:
    bodies = ["return 0", "return max(self.prices)"]
    sampled(tmp_path, Scripted({"some-1": bodies}), example("some-1"))
    with (tmp_path / "samples.jsonl").open("a") as file:
        file.write('{"id": "some-2", "fi')
    engine = Scripted({"some-1": bodies, "some-2": bodies})

    told = sampled(tmp_path, engine, example("some-1"), example("some-2"))

    assert set(engine.asked) == {"some-2"}
    assert (told["tasks"], told["examples"]) == (2, 2)


def test_only_families_that_are_trained_on_are_sampled_one_of_each_first(tmp_path: Path) -> None:
    other = next(f"other-{number}" for number in range(100) if part_of(f"other-{number}") == "train")
    lines = [example(f"a-{number}") for number in range(3)]
    lines += [example("b-1", other), example("c-1", HELD), example("a-9-repair")]
    (tmp_path / "train.jsonl").write_text("".join(f"{json.dumps(each.line())}\n" for each in lines))

    found = drawn(tmp_path, 10, seed=1)

    assert {each.family for each in found[:2]} == {TRAINED, other}
    assert sorted(each.task["id"] for each in found) == ["a-0", "a-1", "a-2", "b-1"]
    assert drawn(tmp_path, 2, seed=1) == found[:2]


def test_a_mixture_has_all_that_is_new_and_three_times_as_much_that_is_old(tmp_path: Path) -> None:
    for name, count in (("data", 40), ("new", 3)):
        (tmp_path / name).mkdir()
        lines = "".join(f'{{"{name}": {number}}}\n' for number in range(count))
        (tmp_path / name / "train.jsonl").write_text(lines)
    (tmp_path / "data" / "development.jsonl").write_text("{}\n")

    assert write_mixture(tmp_path / "data", tmp_path / "new", tmp_path / "one", 1) == 12
    mixed = (tmp_path / "one" / "train.jsonl").read_text()
    assert mixed.count("new") == 3
    write_mixture(tmp_path / "data", tmp_path / "new", tmp_path / "two", 1)
    assert (tmp_path / "two" / "train.jsonl").read_text() == mixed


def test_two_runs_are_told_as_one() -> None:
    place = {"steps": 10, "seconds": 60.0, "tokens": 900, "said": 300}
    first = {"recipe": {"rate": 1.0}, "place": place, "passes": 1.0, "seen": {"all": 0.5}}
    second = {**first, "recipe": {"rate": 0.4}, "seen": {"all": 0.4}}
    told = told_of_both([first, second])
    assert (told["place"]["steps"], told["recipe"], told["seen"]) == (20, {"rate": 1.0}, {"all": 0.4})
