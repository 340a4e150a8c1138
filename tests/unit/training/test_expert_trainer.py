"""A run learns, goes on exactly where it stopped, and keeps to its recipe."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from battui.contracts.errors import EngineFailed, UsageError
from tests.unit.training.tiny_llama import network, random_examples, torch
from training.expert.recipe import Budget, Recipe

pytestmark = pytest.mark.filterwarnings("default")
PART = random_examples(2)
RECIPE = Recipe(rank=4, alpha=8.0, rate=2e-2, batch=128, part=64, seed=5)


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINING_PLAIN", "1")


def run(
    folder: Path,
    *,
    recipe: Recipe = RECIPE,
    passes: float = 2,
    stop: Callable[[], bool] = lambda: False,
    data: str = "",
) -> tuple[Any, bool]:
    """A network, trained in `folder`, and whether the run came to its end."""
    from training.expert.trainer import Trainer

    trained = network()
    trainer = Trainer(trained, recipe, folder, workers=2, tell=lambda _: None, stop=stop, data=data)
    finished = trainer.train(random_examples(40), random_examples(6, seed=9), Budget(passes=passes))
    return trained, finished


def stopping_after(steps: int) -> Callable[[], bool]:
    count = iter(range(1, 1000))
    return lambda: next(count) >= steps


def losses(folder: Path) -> list[float]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if "loss" in line]


def test_a_run_learns(tmp_path: Path) -> None:
    run(tmp_path, passes=12)
    found = losses(tmp_path)
    assert sum(found[-4:]) < 0.8 * sum(found[:4])


def test_the_b_matrices_learn_as_eagerly_as_the_recipe_says(tmp_path: Path) -> None:
    def moved(eagerness: float) -> float:
        recipe = replace(RECIPE, eagerness=eagerness)
        trained, _ = run(tmp_path / f"{eagerness}", recipe=recipe, stop=stopping_after(1))
        return max(float(group.b.abs().max()) for group in trained.groups())

    # They begin as zeros, and the first step of Adam is as long as the rate.
    assert moved(4.0) == pytest.approx(4 * moved(1.0), rel=1e-3)


def test_what_comes_out_is_the_same_with_one_process_or_more(tmp_path: Path) -> None:
    from training.expert.trainer import Trainer

    def trained(workers: int) -> list[Any]:
        built = network()
        trainer = Trainer(built, RECIPE, tmp_path / f"{workers}", workers=workers, tell=lambda _: None)
        trainer.train(random_examples(40), [], Budget(passes=1))
        return list(built.parameters())

    pairs = zip(trained(1), trained(2), strict=True)
    assert all(torch.allclose(one, other, atol=2e-3) for one, other in pairs)


@pytest.fixture
def workers() -> Iterator[Any]:
    """Two processes that are ready."""
    from training.expert.workers import Workers

    ready = Workers(network(), 2)
    ready.warm(PART)
    yield ready
    ready.close()


def test_a_process_that_dies_ends_the_run_with_an_error(workers: Any) -> None:
    for process in multiprocessing.active_children():
        process.kill()
    with pytest.raises(EngineFailed, match="ended from outside"):
        workers.gradients([PART, PART])


def test_a_signal_to_end_leaves_the_step_to_its_end(workers: Any) -> None:
    for process in multiprocessing.active_children():
        process.terminate()
    _, tokens, _ = workers.gradients([PART, PART])
    assert tokens == 2 * sum(len(example.completion) for example in PART)


def test_no_look_is_missed_however_often_a_run_is_stopped(tmp_path: Path) -> None:
    from training.expert.trainer import LOOKS

    def looks(folder: Path) -> list[int]:
        lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
        return [line["step"] for line in lines if "seen" in line]

    run(tmp_path / "whole", passes=4)
    # With fewer than two steps to a look, one of these stops is where a look is due.
    for steps in (5, 1, 1000):
        run(tmp_path / "parts", passes=4, stop=stopping_after(steps))
    assert looks(tmp_path / "parts") == looks(tmp_path / "whole")
    assert len(looks(tmp_path / "whole")) == LOOKS


def test_a_stopped_run_goes_on_as_if_it_never_had(tmp_path: Path) -> None:
    whole, _ = run(tmp_path / "whole")
    _, finished = run(tmp_path / "halves", stop=stopping_after(9))
    assert not finished
    halves, finished = run(tmp_path / "halves")
    assert finished
    assert all(
        torch.equal(one, other) for one, other in zip(whole.parameters(), halves.parameters(), strict=True)
    )
    assert losses(tmp_path / "halves") == losses(tmp_path / "whole")


def test_steps_after_the_last_checkpoint_are_taken_anew(tmp_path: Path) -> None:
    run(tmp_path, stop=stopping_after(5))
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"step": 6, "loss": 1.0}\n{"step": 7, "lo')
    run(tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    steps = [line["step"] for line in lines if "loss" in line]
    assert steps == list(range(1, len(steps) + 1))


@pytest.mark.parametrize(
    ("recipe", "data", "differing"),
    [
        (Recipe(rank=4, alpha=8.0, rate=1e-3, batch=128, part=64, seed=5), "", "rate"),
        (RECIPE, "other", "data"),
    ],
)
def test_another_run_in_the_folder_is_refused(
    tmp_path: Path, recipe: Recipe, data: str, differing: str
) -> None:
    run(tmp_path, stop=stopping_after(1))
    with pytest.raises(UsageError, match=differing):
        run(tmp_path, recipe=recipe, data=data)


def test_the_loss_by_tier_is_looked_at(tmp_path: Path) -> None:
    run(tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    seen = [line for line in lines if "seen" in line]
    assert len(seen) > 2
    assert all({"tier 1", "tier 2", "tier 3", "tokens", "said", "seconds"} <= set(line) for line in seen)


def test_the_rate_climbs_and_falls_with_the_budget() -> None:
    recipe = Recipe(rate=1.0, climb=0.1, floor=0.1)
    rates = [recipe.rate_at(progress) for progress in (0.0, 0.05, 0.1, 0.55, 1.0)]
    assert rates == pytest.approx([0.02, 0.5, 1.0, 0.55, 0.1])


@pytest.mark.parametrize(
    ("budget", "progress"),
    [(Budget(minutes=2), 0.5), (Budget(passes=4), 0.25), (Budget(minutes=2, passes=4), 0.5), (Budget(), 0.0)],
)
def test_a_budget_is_time_or_passes(budget: Budget, progress: float) -> None:
    assert budget.progress(passes=1.0, seconds=60.0) == progress
