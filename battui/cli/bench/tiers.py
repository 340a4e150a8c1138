"""Verdicts by tier, for a person and for a program."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from battui.cli.bench.examination import Verdict

COLUMNS = ("tier", "tasks", "installed", "right", "seconds", "tokens")


def by_tier(verdicts: Iterable[Verdict]) -> dict[str, dict[str, float]]:
    """Per tier: tasks, methods installed, methods right, and the median seconds and tokens of a mission."""
    grouped: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        grouped.setdefault(verdict.tier, []).append(verdict)
    return {tier: _measured(grouped[tier]) for tier in sorted(grouped)}


def as_json(tiers: Mapping[str, Mapping[str, float]]) -> str:
    """One line of JSON."""
    return json.dumps({"reply": "bench", "tiers": tiers})


def as_text(tiers: Mapping[str, Mapping[str, float]]) -> str:
    """A table."""
    rows = [COLUMNS, *((tier, *map(_number, told.values())) for tier, told in tiers.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    )


def _measured(verdicts: Sequence[Verdict]) -> dict[str, float]:
    return {
        "tasks": len(verdicts),
        "installed": sum(verdict.installed for verdict in verdicts),
        "right": sum(verdict.right for verdict in verdicts),
        "seconds": round(median(verdict.seconds for verdict in verdicts), 2),
        "tokens": median(verdict.tokens for verdict in verdicts),
    }


def _number(value: float) -> str:
    return f"{value:g}"
