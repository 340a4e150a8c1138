"""Sampling from an adapter's folder, with an engine of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from training.expert.base import base_file
from training.expert.sampling import AT_ONCE, drawn, sample
from training.expert.speaking import speaking


def sample_from(
    data: Path, adapter: Path, folder: Path, *, tasks: int, count: int, seed: int
) -> dict[str, float]:
    """Sample from the adapter on tasks of the training families in `data`; what came of it, in numbers."""
    examples = drawn(data, tasks, seed)
    with speaking(base_file(), adapter, parallel=AT_ONCE) as speaker:
        return sample(examples, speaker.engine, folder, count=count, tell=_tell).told()


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
