"""From data to card: the stages of making an expert. Each leaves a file behind and is not done again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from battui.contracts.errors import EngineFailed
from battui.contracts.resources import folder
from battui.engines.peft import CONFIG, EXPERT, WEIGHTS
from training.expert.recipe import Budget, Recipe
from training.expert.refining import CANDIDATES, refined_recipe, told_of_both, write_mixture

DEVELOPMENT_TASKS, TEST_TASKS = "development.tasks.jsonl", "test.tasks.jsonl"
TEST = "test.jsonl"
SHIPPED = folder("adapters") / "jit"


@dataclass(frozen=True, slots=True)
class Making:
    """Where everything of one expert lies, and how it is to be made.

    `sampled` is how many tasks the expert's own candidates are taken for, 0 leaves that out; `refining` how often the
    examples are gone over that come of it. `prompts` bounds those of the proof, of the questions in words and of
    the speeds, `most_tasks` each file of tasks that it is scored on.
    """

    out: Path
    recipe: Recipe
    budget: Budget
    per_family: int = 8
    device: str = "auto"
    workers: int | None = None
    tasks: tuple[Path, ...] = ()
    families: tuple[Path, ...] = ()
    adapter: Path = SHIPPED
    sampled: int = 800
    refining: float = 1.0
    prompts: int = 100
    most_tasks: int | None = None

    @property
    def data(self) -> Path:
        """The folder of examples."""
        return self.out / "data"

    @property
    def run(self) -> Path:
        """The folder of the training run."""
        return self.out / "run"

    @property
    def samples(self) -> Path:
        """The folder of examples from the run's own candidates."""
        return self.out / "sampled"

    @property
    def refined(self) -> Path:
        """The folder of the run that goes on with these."""
        return self.out / "refined"

    @property
    def last(self) -> Path:
        """The folder of the adapter: halfway between both runs, or of the only one."""
        return self.out / "mean" if self.sampled else self.run


def make(making: Making, command: str) -> bool:
    """Do the stages that are not done yet; False where one was asked to stop."""
    making.out.mkdir(parents=True, exist_ok=True)
    if not (making.data / "data.json").exists():
        _made_data(making)
    if not (_trained(making) and _refined(making)):
        return False
    # Only now, since this needs torch, which the data does not.
    from training.expert.averaging import average
    from training.expert.card import write_card

    if making.sampled:
        average([making.run, making.refined], making.last)
    install(making.last, making.adapter)
    measure(making)
    print(write_card(making.out, making.adapter, command))
    return True


def install(run: Path, adapter: Path) -> None:
    """Put a run's adapter where battui ships it from; an expert.toml that is there stays as it is."""
    adapter.mkdir(parents=True, exist_ok=True)
    for name in (CONFIG, WEIGHTS):
        shutil.copyfile(run / name, adapter / name)
    if not (adapter / EXPERT).exists():
        shutil.copyfile(SHIPPED / EXPERT, adapter / EXPERT)


def measure(making: Making) -> None:
    """Take every measurement of the card that is not taken yet."""
    from training.expert.evaluation import evaluate, speeds, words
    from training.expert.proof import prompts_of, prove

    out, adapter, test = making.out, making.adapter, making.data / TEST
    shutil.copyfile(making.data / "data.json", out / "data.json")
    runs = [making.run, making.refined] if making.sampled else [making.run]
    _write(
        out / "run.json", told_of_both([json.loads((run / "run.json").read_text("utf-8")) for run in runs])
    )
    sampled = making.samples / "sample.json"
    _write(out / "sampled.json", json.loads(sampled.read_text("utf-8")) if making.sampled else {})
    kept(out / "proof.json", lambda: prove(adapter, prompts_of(test, making.prompts)))
    kept(out / "words.json", lambda: words(adapter, making.prompts))
    kept(out / "speeds.json", lambda: speeds(adapter, test, making.prompts))
    tasks = list(_cut(making))
    kept(out / "scores.json", lambda: evaluate(tasks, out / "reports", adapter=adapter))


def kept(path: Path, measured: Callable[[], Any]) -> Any:
    """What the file holds; where there is none, what is measured now, which it then holds."""
    if not path.exists():
        _write(path, measured())
    return json.loads(path.read_text("utf-8"))


def _made_data(making: Making) -> None:
    command = [sys.executable, "-m", "training.data", "--seed", str(making.recipe.seed)]
    command += ["--per-family", str(making.per_family), "--out", str(making.data)]
    command += ["--families", *map(str, making.families)] if making.families else []
    if subprocess.run(command, check=False).returncode:
        raise EngineFailed("the data could not be made", about=" ".join(command))


def _trained(making: Making) -> bool:
    from training.expert.run import finished, train

    return finished(making.run) or train(
        making.data,
        making.run,
        making.recipe,
        making.budget,
        device=making.device,
        workers=making.workers,
    )


def _refined(making: Making) -> bool:
    """Sample from the run's own candidates, and go on with what came of it."""
    if not making.sampled:
        return True
    from training.expert.run import finished, train
    from training.expert.sampled_run import sample_from

    if not (making.samples / "sample.json").exists():
        seed = making.recipe.seed
        told = sample_from(
            making.data, making.run, making.samples, tasks=making.sampled, count=CANDIDATES, seed=seed
        )
        print(json.dumps(told), flush=True)
    mixture = making.out / "mixture"
    write_mixture(making.data, making.samples, mixture, making.recipe.seed)
    return finished(making.refined) or train(
        mixture,
        making.refined,
        refined_recipe(making.recipe),
        Budget(passes=making.refining),
        device=making.device,
        workers=making.workers,
        begin=making.run,
    )


def _cut(making: Making) -> Iterator[Path]:
    """The files of tasks; where they are bounded, tasks from all over each file."""
    files: Sequence[Path] = making.tasks or (making.data / DEVELOPMENT_TASKS, making.data / TEST_TASKS)
    if making.most_tasks is None:
        yield from files
        return
    (making.out / "tasks").mkdir(exist_ok=True)
    for file in files:
        lines = file.read_text("utf-8").splitlines()
        stride = -(-len(lines) // making.most_tasks) or 1
        path = making.out / "tasks" / file.name
        path.write_text("".join(f"{line}\n" for line in lines[::stride]), encoding="utf-8")
        if lines:
            yield path


def _write(path: Path, told: Any) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)
