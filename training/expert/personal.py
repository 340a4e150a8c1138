"""A personal adapter: the shipped expert goes on learning, from what one image has learned."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from random import Random

from battui.contracts.errors import UsageError
from battui.engines.peft import CONFIG, EXPERT, WEIGHTS
from training.expert import keeping
from training.expert.recipe import Budget, Recipe
from training.expert.run import DEVELOPMENT, TRAIN, finished, train

SHARE = 2
"""For so many examples of one's own there is one that was kept."""
FEWEST_KEPT = 32
LOOKED_AT = 40
"""Kept examples that are not trained on, by which the loss is told."""
RATE, BATCH, PART = 2e-4, 512, 256
"""Gentle, and in many small steps: there are few examples, and most is known already."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a personal adapter is made of; `out` is the run's folder, `adapter` that of what comes out."""

    examples: Path
    begin: Path
    base: Path
    out: Path
    adapter: Path
    kept_tasks: Path
    passes: float


def personal(order: Order, *, device: str = "auto", workers: int | None = None) -> bool:
    """Train and export; whether it came to its end. Goes on where it was interrupted. Raises UsageError."""
    data = order.out / "data"
    data.mkdir(parents=True, exist_ok=True)
    _mix(order.examples, data)
    recipe = _recipe(order.begin)
    if not finished(order.out) and not train(
        data,
        order.out,
        recipe,
        Budget(passes=order.passes),
        device=device,
        workers=workers,
        begin=order.begin,
        base=order.base,
    ):
        return False
    order.adapter.mkdir(parents=True, exist_ok=True)
    for name in (CONFIG, WEIGHTS):
        shutil.copyfile(order.out / name, order.adapter / name)
    shutil.copyfile(order.begin / EXPERT, order.adapter / EXPERT)
    shutil.copyfile(keeping.TASKS, order.kept_tasks)
    return True


def _mix(examples: Path, data: Path) -> None:
    """One's own examples and a share of those that were kept, in an order that goes with them."""
    own = examples.read_text("utf-8").splitlines()
    if not own:
        raise UsageError("there are no examples in it", about=str(examples))
    kept = keeping.EXAMPLES.read_text("utf-8").splitlines()
    looked_at, offered = kept[:LOOKED_AT], kept[LOOKED_AT:]
    chosen = offered[: max(FEWEST_KEPT, len(own) // SHARE)]
    mixed = [*own, *chosen]
    Random(1).shuffle(mixed)
    for name, lines in ((TRAIN, mixed), (DEVELOPMENT, looked_at)):
        (data / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _recipe(begin: Path) -> Recipe:
    config = json.loads((begin / CONFIG).read_text("utf-8"))
    # One rate for both sides: what begins with an expert has no zeros in its B matrices to catch up from.
    return Recipe(
        rank=config["r"],
        alpha=float(config["lora_alpha"]),
        rate=RATE,
        eagerness=1.0,
        batch=BATCH,
        part=PART,
    )
