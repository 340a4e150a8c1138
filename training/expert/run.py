"""A run from its folder of data to its adapter."""

from __future__ import annotations

import hashlib
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from battui.contracts.errors import ModelUnavailable, UsageError
from training.expert.base import base_file, load_model, load_tokenizer
from training.expert.card import machine
from training.expert.recipe import Budget, Recipe

TRAIN, DEVELOPMENT = "train.jsonl", "development.jsonl"
SUMMARY = "run.json"
SEEN = 160
"""Development examples that are looked at in a run."""


def train(
    data: Path,
    folder: Path,
    recipe: Recipe,
    budget: Budget,
    *,
    device: str = "auto",
    workers: int | None = None,
    begin: Path | None = None,
    most: int | None = None,
    base: Path | None = None,
) -> bool:
    """Train on the examples of `data` and export into `folder`; whether the run came to its end.

    `begin` is an adapter to start from, `most` bounds the examples, `base` is the bundled model's file where it need
    not be fetched. Raises UsageError, ModelUnavailable.
    """
    path = base or base_file()
    model, tokenizer = load_model(path), load_tokenizer(path)
    # Only now, since these need torch, of which load_model says how to get it.
    from training.expert.batches import read_examples
    from training.expert.export import export, take_over
    from training.expert.network import Network
    from training.expert.trainer import Trainer

    source = data / TRAIN
    if not source.is_file():
        raise UsageError(
            "there is no training data", about=str(source), remedy="Make it: python -m training.data"
        )
    examples = read_examples(source, tokenizer, longest=recipe.longest, most=most)
    seen = read_examples(data / DEVELOPMENT, tokenizer, longest=recipe.longest)[
        :: _stride(data / DEVELOPMENT)
    ]
    network = Network(model, recipe.rank, recipe.alpha, chosen_device(device))
    del model
    network.initialise(recipe.seed)
    if begin is not None:
        take_over(network, begin)
    with _asked_to_stop() as asked:
        trainer = Trainer(
            network,
            recipe,
            folder,
            data=_digest(source, most, begin),
            workers=workers,
            tell=_tell,
            stop=lambda: bool(asked),
        )
        lengths = sum(example.length for example in examples)
        _tell(f"{len(examples)} examples of {lengths / len(examples):.0f} tokens; step {trainer.place.steps}")
        ended = trainer.train(examples, seen, budget)
    export(network, folder)
    told = {
        "recipe": asdict(recipe),
        "budget": asdict(budget),
        "examples": len(examples),
        "finished": ended,
    }
    told |= {"place": asdict(trainer.place), "base": path.name, "data": str(data)}
    told |= {"passes": trainer.passes, "seen": trainer.seen, "device": described(network.device.type)}
    (folder / SUMMARY).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    _tell(f"{'trained' if ended else 'stopped; the same command goes on'}: {folder}")
    return ended


def chosen_device(name: str) -> str:
    """The device that `auto` means here. Raises ModelUnavailable where CUDA is asked for and missing."""
    import torch

    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ModelUnavailable("there is no CUDA device", remedy="Use: --device cpu")
    return "cuda" if name == "cuda" or (name == "auto" and available) else "cpu"


def export_run(folder: Path, target: Path) -> None:
    """Export the adapter of a run that goes on still, as of its last checkpoint. Raises UsageError without one."""
    model = load_model(base_file())
    from training.expert.checkpoint import load
    from training.expert.export import export
    from training.expert.network import Network

    state = load(folder)
    if state is None:
        raise UsageError("there is no checkpoint", about=str(folder))
    network = Network(model, state["signature"]["rank"], state["signature"]["alpha"])
    for tensor, held in zip(network.parameters(), state["weights"], strict=True):
        tensor.copy_(held)
    export(network, target)
    _tell(f"the adapter after {state['place']['steps']} steps: {target}")


def finished(folder: Path) -> bool:
    """Whether the run in `folder` came to its end."""
    path = folder / SUMMARY
    return path.exists() and bool(json.loads(path.read_text("utf-8"))["finished"])


def described(device: str) -> str:
    """The device in words."""
    import torch

    return str(torch.cuda.get_device_name()) if device == "cuda" else f"a CPU ({machine()})"


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """Gathers signals to end, so that a run ends with its step and saves it. A second one ends it at once."""
    asked: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        asked.append(number)
        signal.signal(number, signal.SIG_DFL)

    earlier = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _stride(path: Path) -> int:
    with path.open(encoding="utf-8") as file:
        return max(1, sum(1 for _ in file) // SEEN)


def _digest(path: Path, most: int | None, begin: Path | None) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    return f"{digest} {most or 'all'} {begin or 'new'}"


def _tell(text: str) -> None:
    print(text, flush=True)
