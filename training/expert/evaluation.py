"""What the expert is worth: `battui bench jit` with it and without, speed, and what is kept in words."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from battui.contracts.errors import EngineFailed
from battui.engines.peft import WEIGHTS
from battui.mind.method_form import SHIPPED
from training.expert.base import NAME, base_file
from training.expert.proof import prompts_of
from training.expert.speaking import speaking, words_kept

Runner = Callable[[Sequence[str], dict[str, str]], str]
SPOKEN = 24
"""Prompts by which the speed is taken."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to put the tasks: with or without the expert, the first candidate or the best of several."""

    name: str
    expert: bool
    samples: int
    visible: bool

    @property
    def options(self) -> list[str]:
        """The arguments of `battui bench jit`."""
        return ["--samples", str(self.samples), *(["--visible"] if self.visible else [])]


SETTINGS = (
    Setting("expert, first candidate", True, 1, False),
    Setting("expert, 8 candidates, visible", True, 8, True),
    Setting("base, first candidate", False, 1, False),
    Setting("base, 8 candidates, visible", False, 8, True),
)


def evaluate(
    tasks: Sequence[Path],
    folder: Path,
    *,
    settings: Sequence[Setting] = SETTINGS,
    adapter: Path | None = None,
    run: Runner | None = None,
) -> dict[str, Any]:
    """Per file of tasks and setting, what the bench says by tier. Goes on where an earlier call was interrupted.

    `folder` keeps the reports. The expert is the one in `adapter`, without it the one that comes with battui. Raises
    EngineFailed where the bench fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    run = run or run_battui
    image = _image(folder, run)
    place = image, _added(adapter, image, run) if adapter else SHIPPED
    return {
        path.stem: {setting.name: _bench(path, setting, place, folder, run) for setting in settings}
        for path in tasks
    }


def speeds(adapter: Path, examples: Path, most: int = SPOKEN) -> dict[str, float]:
    """Tokens a second with the expert and without, on the same prompts."""
    prompts = prompts_of(examples, min(most, SPOKEN))
    with speaking(base_file(), adapter) as speaker:
        speaker.speed(prompts[:2], expert=True)
        return {
            "with": round(speaker.speed(prompts, expert=True), 1),
            "without": round(speaker.speed(prompts, expert=False), 1),
        }


def words(adapter: Path, most: int | None = None) -> dict[str, int]:
    """What becomes of answers in words; to `most` questions, if given."""
    return words_kept(base_file(), adapter, most)


def run_battui(arguments: Sequence[str], environment: dict[str, str]) -> str:
    """What a battui command prints. Raises EngineFailed where it ends otherwise than well."""
    command = [sys.executable, "-m", "battui", *arguments]
    done = subprocess.run(
        command, env=os.environ | environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise EngineFailed(f"battui {arguments[0]} ended with {done.returncode}", about=" ".join(arguments))
    return done.stdout


def _image(folder: Path, run: Runner) -> Path:
    """An image with the base model in it, to be borrowed from."""
    image = folder / "image"
    if not image.exists():
        run(["model", "--image", str(image), "add", str(base_file()), "--name", NAME], {})
    return image


def _added(adapter: Path, image: Path, run: Runner) -> str:
    """The name under which the image has the adapter; another adapter has another name."""
    name = f"made-{hashlib.sha256((adapter / WEIGHTS).read_bytes()).hexdigest()[:12]}"
    run(["adapter", "add", str(adapter), "--name", name, "--image", str(image)], {})
    return name


def _bench(
    path: Path, setting: Setting, place: tuple[Path, str], folder: Path, run: Runner
) -> dict[str, Any]:
    image, expert = place
    report = folder / f"{path.stem}, {setting.name}.jsonl".replace(", ", "-").replace(" ", "-")
    asked = ["bench", "jit", str(path), "--image", str(image), "--output", "json", "--report", str(report)]
    resume = ["--resume"] if report.exists() else []
    environment = {"BATTUI_MISSION_EXPERT": expert if setting.expert else ""}
    tiers: dict[str, Any] = json.loads(run([*asked, *resume, *setting.options], environment))["tiers"]
    return tiers
