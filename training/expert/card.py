"""The card of the expert, made of what was measured."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from battui.contracts.errors import UsageError
from battui.engines.known_models import known_model
from battui.engines.peft import WEIGHTS
from training.expert.base import NAME

TEMPLATE = Path(__file__).with_name("card.md")
CARD = "README.md"
MEASURED = ("run", "data", "sampled", "proof", "words", "speeds", "scores")
"""The files (with .json) of which a card is made."""


def write_card(folder: Path, adapter: Path, command: str) -> Path:
    """Write the card of the adapter from the measurements in `folder`.

    Raises UsageError where one is missing.
    """
    measured = {name: _measurement(folder / f"{name}.json") for name in MEASURED}
    fields = _fields(measured, adapter, command)
    path = adapter / CARD
    path.write_text(Template(TEMPLATE.read_text("utf-8")).substitute(fields), encoding="utf-8")
    return path


def scores_table(scores: Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]]) -> str:
    """By file of tasks, setting and tier: right of all, median seconds, median tokens."""
    lines = ["| tasks | | tier | right | median seconds | median tokens |", "|---|---|---|---|---|---|"]
    for tasks, settings in scores.items():
        for setting, tiers in settings.items():
            for tier, told in tiers.items():
                right = f"{told['right']:g} of {told['tasks']:g} ({told['right'] / told['tasks']:.0%})"
                lines.append(
                    f"| {tasks} | {setting} | {tier} | {right} | {told['seconds']:g} | {told['tokens']:g} |"
                )
    return "\n".join(lines)


def _fields(measured: Mapping[str, Any], adapter: Path, command: str) -> dict[str, object]:
    run, proof, model = measured["run"], measured["proof"], known_model(NAME)
    weights = (adapter / WEIGHTS).read_bytes()
    base = {"title": model.title, "file": model.file, "sha256": model.sha256, "licence": model.licence}
    fields: dict[str, object] = {f"base_{name}": value for name, value in base.items()}
    fields |= {
        name: run["recipe"][name]
        for name in ("rank", "alpha", "rate", "eagerness", "batch", "floor", "clip", "seed")
    }
    fields |= {name: f"{run['place'][name]:,}" for name in ("steps", "tokens", "said")}
    fields |= {"minutes": round(run["place"]["seconds"] / 60), "passes": f"{run['passes']:.2f}"}
    fields |= {"device": run["device"], "seen": _seen(run["seen"]), "machine": machine(), "command": command}
    fields |= {"megabytes": f"{len(weights) / 1e6:.1f}", "sha256": hashlib.sha256(weights).hexdigest()}
    fields |= _data(measured["data"]) | measured["words"]
    fields |= {f"speed_{name}": value for name, value in measured["speeds"].items()}
    fields |= {"proof_prompts": proof["prompts"], "proof_equal": proof["equal"], "proof_rest": _rest(proof)}
    fields |= {"sampling": _sampling(measured["sampled"])}
    return fields | {"scores": scores_table(measured["scores"])}


def machine() -> str:
    """The processor in words, and how many cores of it."""
    name = platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores"


def _data(told: Mapping[str, Any]) -> dict[str, object]:
    parts = told["parts"]
    split = ", ".join(f"{part['families']} to {name}" for name, part in parts.items())
    examples = sum(part["examples"] for part in parts.values())
    return {"families": f"{told['families']:,}", "data_examples": f"{examples:,}", "split": split}


def _seen(seen: Mapping[str, float]) -> str:
    return ", ".join(f"{tier} {loss:.3f}" for tier, loss in seen.items())


def _sampling(told: Mapping[str, Any]) -> str:
    if not told:
        return ""
    return (
        f"The first run's own candidates on {told['tasks']:,} tasks of training families were judged by their hidden "
        f"cases: {told['first']:,} times the first was right, {told['any_right']:,} times one of eight. What came of "
        f"it, {told['examples']:,} examples and {told['repairs']:,} repairs, was trained on in a second run, among "
        "three times as many old ones. These weights lie halfway between both runs'."
    )


def _rest(proof: Mapping[str, Any]) -> str:
    if proof["equal"] == proof["prompts"]:
        return ""
    margin = proof["largest_margin"]
    return (
        "Where they part, rounding has tipped a near tie: the margin between the two best tokens there was "
        f"{margin:.2f} nats at most."
    )


def _measurement(path: Path) -> Any:
    if not path.is_file():
        raise UsageError(
            "this measurement is missing", about=str(path), remedy="Take it: see training/README.md."
        )
    return json.loads(path.read_text("utf-8"))
