"""Where a run stands: matrices, optimiser and place in the data, so that it goes on as if it had never stopped."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from battui.contracts.errors import UsageError

FILE = "checkpoint.pt"


@dataclass(slots=True)
class Place:
    """How far a run has come: `step` within the pass, `steps` and `looks` in all, tokens read and learned to say."""

    whole_passes: int = 0
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    tokens: int = 0
    said: int = 0
    looks: int = 0


def save(
    folder: Path, place: Place, signature: dict[str, Any], optimiser: torch.optim.Optimizer, weights: Any
) -> None:
    """Write the checkpoint; whoever is interrupted meanwhile leaves the earlier one as it was."""
    part = folder / f"{FILE}.{os.getpid()}.part"
    state = {"place": asdict(place), "signature": signature, "weights": weights}
    torch.save(state | {"optimiser": optimiser.state_dict()}, part)
    part.replace(folder / FILE)


def load(folder: Path) -> dict[str, Any] | None:
    """The checkpoint of a folder, None where there is none."""
    path = folder / FILE
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, weights_only=True)
    return state


def restore(
    state: dict[str, Any], signature: dict[str, Any], optimiser: torch.optim.Optimizer, weights: Any
) -> Place:
    """Put a checkpoint's matrices and optimiser into place.

    Raises UsageError where the checkpoint is of another recipe or of other data.
    """
    told = state["signature"]
    differing = sorted(name for name in signature if told.get(name) != signature[name])
    if differing:
        what = ", ".join(f"{name} ({told.get(name)!r}, now {signature[name]!r})" for name in differing)
        raise UsageError(
            f"the run in this folder was begun with another {what}",
            remedy="Ask for the same again, or name another folder.",
        )
    for tensor, held in zip(weights, state["weights"], strict=True):
        tensor.copy_(held)
    optimiser.load_state_dict(state["optimiser"])
    return Place(**state["place"])
