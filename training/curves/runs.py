"""The driver: one short run after the other, each of the same number of steps; what is done is not done again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from battui.contracts.errors import EngineFailed
from training.curves.variants import Variant, lay, make_one_intent, variants
from training.expert.recipe import Recipe

STOPPED = 130
FIGURES = "figures.json"


@dataclass(frozen=True, slots=True)
class Series:
    """What the runs have in common. `options` go to the trainer as they are."""

    data: Path
    out: Path
    steps: int
    options: tuple[str, ...] = ()
    families: tuple[Path, ...] = ()
    sampled: Path | None = None
    only: tuple[str, ...] = ()


def run_all(series: Series, recipe: Recipe) -> bool:
    """Make the runs and write down their figures; False where one was asked to stop. Raises EngineFailed."""
    chosen = [
        each
        for each in variants(sampled=series.sampled is not None)
        if not series.only or each.name in series.only
    ]
    for variant in chosen:
        if not _run(series, variant, recipe):
            return False
    figures = [_figures(variant, series.out / variant.name / "run") for variant in chosen]
    text = json.dumps(figures, indent=1) + "\n"
    (series.out / FIGURES).write_text(text, encoding="utf-8")
    return True


def _run(series: Series, variant: Variant, recipe: Recipe) -> bool:
    from training.expert.run import finished

    folder = series.out / variant.name
    if finished(folder / "run"):
        return True
    if variant.source == "one-intent":
        make_one_intent(series.data, series.out / "one-intent-data", series.families)
    lay(variant, series.data, folder / "data", sampled=series.sampled)
    passes = passes_for(series.steps, folder / "data" / "train.jsonl", recipe)
    command = [sys.executable, "-m", "training.expert", "train", "--data", str(folder / "data")]
    command += ["--out", str(folder / "run"), "--passes", f"{passes:.6f}", *series.options, *variant.options]
    print(f"{variant.name}: {series.steps} steps, {passes:.3f} passes", flush=True)
    code = subprocess.run(command, check=False).returncode
    if code not in (0, STOPPED):
        raise EngineFailed(f"the run {variant.name} ended with {code}", about=" ".join(command))
    return code == 0


def passes_for(steps: int, train: Path, recipe: Recipe) -> float:
    """How many passes over a file of examples take so many steps."""
    from training.expert.base import base_file, load_tokenizer
    from training.expert.batches import one_pass, read_examples

    examples = read_examples(train, load_tokenizer(base_file()), longest=recipe.longest)
    parts = len(one_pass(examples, recipe.part, f"{recipe.seed} 0"))
    # A step is taken as long as less has been passed than was asked for: half a step less is the same on any machine.
    return (steps - 0.5) / -(-parts // recipe.parts)


def _figures(variant: Variant, run: Path) -> dict[str, object]:
    """What the picture is drawn from: the loss on the development examples along the run, and at its end."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text("utf-8").splitlines()]
    looks: Sequence[dict[str, float]] = [line for line in lines if "seen" in line]
    return {
        "name": variant.name,
        "group": variant.group,
        "label": variant.label,
        "at": variant.at,
        "steps": [look["step"] for look in looks],
        "seen": [round(look["seen"], 4) for look in looks],
        "tiers": {name: round(value, 4) for name, value in looks[-1].items() if name.startswith("tier ")},
    }
