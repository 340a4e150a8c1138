"""The loop: parts of a step to the workers, one step of the optimiser, now and then a look and a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from training.expert import checkpoint
from training.expert.batches import Example, cut, one_pass
from training.expert.checkpoint import Place
from training.expert.network import Network
from training.expert.progress import Log, Pace
from training.expert.recipe import Budget, Recipe
from training.expert.workers import Workers

SAVED_EVERY = 120.0
LOOKS = 12
"""How often in a run the loss on the development examples is taken."""


class Trainer:
    """Trains the matrices of `network`. `folder` has checkpoint and log: a run goes on from there.

    `data` names the training data, `stop` is asked after each step whether to end early. Raises UsageError where the
    folder has a run of another recipe or of other data.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        folder: Path,
        *,
        data: str = "",
        workers: int | None = None,
        tell: Callable[[str], None] = print,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._network, self._recipe, self._folder, self._stop = network, recipe, folder, stop
        self._signature: dict[str, Any] = {**asdict(recipe), "data": data}
        self._weights = network.parameters()
        # Which of LoRA's matrices learn how fast: https://arxiv.org/abs/2402.12354.
        sides = [{"params": self._weights[side::2]} for side in (0, 1)]
        self._optimiser = torch.optim.AdamW(
            sides, lr=recipe.rate, betas=(0.9, 0.99), weight_decay=0.0, fused=True
        )
        state = checkpoint.load(folder)
        self.place = (
            checkpoint.restore(state, self._signature, self._optimiser, self._weights) if state else Place()
        )
        network.refresh()
        self._log = Log(folder, self.place.steps)
        self._pace = Pace(self.place, tell)
        self._workers = Workers(network, workers)
        self._saved = time.monotonic()
        self.passes = 0.0
        self.seen: dict[str, float] = {}

    def train(self, examples: Sequence[Example], development: Sequence[Example], budget: Budget) -> bool:
        """Train until the budget is spent; whether it is, or `stop` said so before."""
        self._workers.warm(examples[:2])
        try:
            for parts, passes in self._steps(examples):
                self.passes = passes
                progress = budget.progress(passes, self.place.seconds)
                if self.place.looks < int(progress * LOOKS) < LOOKS:
                    self.place.looks = int(progress * LOOKS)
                    self._look(development)
                if progress >= 1:
                    break
                self._step(parts, self._recipe.rate_at(progress))
                self._pace.told(self.place, passes, progress)
                if time.monotonic() - self._saved >= SAVED_EVERY:
                    self._save()
                if self._stop():
                    self._save()
                    return False
            self._look(development)
            self._save()
            return True
        finally:
            self._workers.close()

    def _steps(self, examples: Sequence[Example]) -> Iterator[tuple[list[list[Example]], float]]:
        """The parts of each step from where the run stands, and the passes over the data done before it."""
        place, count = self.place, self._recipe.parts
        while True:
            parts = one_pass(examples, self._recipe.part, f"{self._recipe.seed} {place.whole_passes}")
            steps = [parts[start : start + count] for start in range(0, len(parts), count)]
            while place.step < len(steps):
                yield steps[place.step], place.whole_passes + place.step / len(steps)
            place.whole_passes, place.step = place.whole_passes + 1, 0

    def _step(self, parts: list[list[Example]], rate: float) -> None:
        started = time.monotonic()
        loss, tokens, gradients = self._workers.gradients(parts)
        for weight, gradient in zip(self._weights, gradients, strict=True):
            weight.grad = gradient
        norm = torch.nn.utils.clip_grad_norm_(self._weights, self._recipe.clip)
        of_a, of_b = self._optimiser.param_groups
        of_a["lr"], of_b["lr"] = rate, rate * self._recipe.eagerness
        self._optimiser.step()
        self._network.refresh()
        self._count(parts, tokens, time.monotonic() - started)
        self._pace.met(loss, tokens)
        self._log.add(step=self.place.steps, loss=loss / tokens, norm=float(norm), rate=rate)

    def _count(self, parts: list[list[Example]], said: int, seconds: float) -> None:
        place = self.place
        place.step += 1
        place.steps += 1
        place.seconds += seconds
        place.tokens += sum(example.length for part in parts for example in part)
        place.said += said

    def _look(self, development: Sequence[Example]) -> None:
        """Take the loss on examples that are not trained on, all and by tier."""
        if not development:
            return
        ordered = sorted(development, key=lambda example: example.length)
        parts = list(cut(ordered, self._recipe.part))
        losses = list(chain.from_iterable(self._workers.losses(parts)))
        tiers = [example.tier for example in ordered for _ in example.completion]
        found = {
            f"tier {tier}": fmean(loss for loss, its in zip(losses, tiers, strict=True) if its == tier)
            for tier in sorted(set(tiers))
        }
        self.seen = {"all": fmean(losses), **found}
        self._pace.seen(self.seen, self.passes)
        self._log.add(step=self.place.steps, seen=self.seen["all"], **self._log.place(self.place), **found)

    def _save(self) -> None:
        checkpoint.save(self._folder, self.place, self._signature, self._optimiser, self._weights)
        self._saved = time.monotonic()
