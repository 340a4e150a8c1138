"""From data to card: the stages of making an expert. Each leaves a file behind and is not done again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from battui.contracts.errors import EngineFailed
from battui.contracts.resources import folder
from battui.engines.peft import CONFIG, WEIGHTS
from training.expert.recipe import Budget, Recipe

DEVELOPMENT_TASKS, TEST_TASKS = "development.tasks.jsonl", "test.tasks.jsonl"
TEST = "test.jsonl"


@dataclass(frozen=True, slots=True)
class Making:
    """Where everything of one expert lies, and how it is to be made."""

    out: Path
    recipe: Recipe
    budget: Budget
    per_family: int = 20
    device: str = "auto"
    workers: int | None = None
    tasks: tuple[Path, ...] = ()

    @property
    def data(self) -> Path:
        """The folder of examples."""
        return self.out / "data"

    @property
    def run(self) -> Path:
        """The folder of the training run."""
        return self.out / "run"

    @property
    def adapter(self) -> Path:
        """Where the expert comes to lie: where battui looks for what it ships."""
        return folder("adapters") / "jit"


def make(making: Making, command: str) -> bool:
    """Do the stages that are not done yet; False where training was asked to stop."""
    making.out.mkdir(parents=True, exist_ok=True)
    if not (making.data / "data.json").exists():
        _made_data(making)
    from training.expert.run import finished, train

    if not finished(making.run) and not train(
        making.data, making.run, making.recipe, making.budget, device=making.device, workers=making.workers
    ):
        return False
    install(making.run, making.adapter)
    tasks = making.tasks or (making.data / DEVELOPMENT_TASKS, making.data / TEST_TASKS)
    measure(making.run, making.data, making.adapter, tasks, making.out)
    from training.expert.card import write_card

    print(write_card(making.out, making.adapter, command))
    return True


def install(run: Path, adapter: Path) -> None:
    """Put a run's adapter where battui ships it from; its expert.toml stays as it is."""
    adapter.mkdir(parents=True, exist_ok=True)
    for name in (CONFIG, WEIGHTS):
        shutil.copyfile(run / name, adapter / name)


def measure(run: Path, data: Path, adapter: Path, tasks: Sequence[Path], out: Path) -> None:
    """Take every measurement of the card that is not taken yet."""
    from training.expert.evaluation import evaluate, speeds, words
    from training.expert.proof import prompts_of, prove

    for name, path in (("run", run / "run.json"), ("data", data / "data.json")):
        shutil.copyfile(path, out / f"{name}.json")
    kept(out / "proof.json", lambda: prove(adapter, prompts_of(data / TEST)))
    kept(out / "words.json", lambda: words(adapter))
    kept(out / "speeds.json", lambda: speeds(adapter, data / TEST))
    kept(out / "scores.json", lambda: evaluate(tasks, out / "reports"))


def kept(path: Path, measured: Callable[[], Any]) -> Any:
    """What the file holds; where there is none, what is measured now, which it then holds."""
    if not path.exists():
        text = json.dumps(measured(), indent=2, ensure_ascii=False)
        part = path.with_suffix(".part")
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(path)
    return json.loads(path.read_text("utf-8"))


def _made_data(making: Making) -> None:
    command = [sys.executable, "-m", "training.data", "--seed", str(making.recipe.seed)]
    command += ["--per-family", str(making.per_family), "--out", str(making.data)]
    if subprocess.run(command, check=False).returncode:
        raise EngineFailed("the data could not be made", about=" ".join(command))
