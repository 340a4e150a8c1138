"""How an expert is trained: everything that decides what comes out, and how long it may take."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """Two runs of one recipe on the same data and kind of machine take the same steps.

    `batch` and `part` count tokens with their padding: of a step, and of what one worker computes at once. `rate` is
    the highest learning rate of the A matrices, `climb` the share of the run in which it is reached; the B matrices
    learn `eagerness` times as fast. `clip` bounds the gradient's norm.
    """

    rank: int = 16
    alpha: float = 32.0
    rate: float = 1e-3
    eagerness: float = 4.0
    batch: int = 1024
    part: int = 512
    seed: int = 1
    climb: float = 0.03
    floor: float = 0.02
    clip: float = 1.0
    longest: int = 640

    @property
    def parts(self) -> int:
        """Parts of a step."""
        return max(1, self.batch // self.part)

    def rate_at(self, progress: float) -> float:
        """The learning rate at `progress` (0 to 1): up in a line, down along a cosine to `floor` of the highest."""
        if progress < self.climb:
            return self.rate * max(progress / self.climb, 0.02)
        way = min(1.0, (progress - self.climb) / (1 - self.climb))
        return self.rate * (self.floor + (1 - self.floor) * (1 + math.cos(math.pi * way)) / 2)


@dataclass(frozen=True, slots=True)
class Budget:
    """When a run is over: after `minutes` of training, or after `passes` over the data."""

    minutes: float | None = None
    passes: float | None = None

    def progress(self, passes: float, seconds: float) -> float:
        """How much of the run is done, 0 to 1."""
        shares = [0.0]
        if self.minutes is not None:
            shares.append(seconds / (60 * self.minutes) if self.minutes else 1.0)
        if self.passes is not None:
            shares.append(passes / self.passes if self.passes else 1.0)
        return min(1.0, max(shares))
