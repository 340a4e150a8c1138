"""Rates of several rounds, against each other's."""

from __future__ import annotations

from statistics import median

ROUNDS = 5


def spread(mine: list[float], others: list[float]) -> str:
    """How many times the others' rate, in the middle round, with the smallest and largest of all rounds."""
    ratios = sorted(one / other for one, other in zip(mine, others, strict=True))
    return f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
