"""Going on with what rejection sampling has made, mixed with examples of the first run so that nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from training.expert.recipe import Recipe

CANDIDATES = 8
GENTLER = 0.1
"""The learning rate as a share of the first run's: so few examples move what it knows already."""
OLD = 3
"""Examples of the first run for each new one."""
FILES = ("train.jsonl", "development.jsonl")


def refined_recipe(recipe: Recipe) -> Recipe:
    """The recipe of the second run."""
    return replace(recipe, rate=recipe.rate * GENTLER)


def write_mixture(data: Path, samples: Path, folder: Path, seed: int) -> int:
    """Write the second run's data into `folder`; how many examples it has. The same data gives the same files."""
    folder.mkdir(parents=True, exist_ok=True)
    train, development = FILES
    new = (samples / train).read_text("utf-8").splitlines()
    old = (data / train).read_text("utf-8").splitlines()
    random = Random(f"{seed} mixture")
    mixed = [*new, *random.sample(old, min(len(old), OLD * max(1, len(new))))]
    random.shuffle(mixed)
    (folder / train).write_text("".join(f"{line}\n" for line in mixed), encoding="utf-8")
    (folder / development).write_bytes((data / development).read_bytes())
    return len(mixed)


def told_of_both(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the runs tell, as one: their work is added up, the loss is the last one's, the recipe the first one's."""
    place = {name: sum(run["place"][name] for run in runs) for name in ("steps", "seconds", "tokens", "said")}
    return {**runs[0], "place": place, "seen": runs[-1]["seen"]}
