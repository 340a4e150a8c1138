"""What the short runs differ in, and the training data of each."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from battui.contracts.errors import EngineFailed

TRAIN, DEVELOPMENT = "train.jsonl", "development.jsonl"
Line = dict[str, Any]
Filter = Callable[[Sequence[Line]], Iterator[Line]]


@dataclass(frozen=True, slots=True)
class Variant:
    """One run. `group` is the panel of the picture, `at` its place there; `options` are the trainer's."""

    name: str
    group: str
    label: str
    at: float = 0.0
    options: tuple[str, ...] = ()
    filter: Filter = iter
    source: str = "data"
    """Of which data: `data`, or `one-intent`, or `sampled` as well."""


def families_share(share: float) -> Filter:
    """The examples of so large a share of the families, chosen by their names."""

    def chosen(lines: Sequence[Line]) -> Iterator[Line]:
        names = sorted({line["family"] for line in lines}, key=lambda name: sha256(name.encode()).digest())
        kept = set(names[: max(1, round(len(names) * share))])
        return (line for line in lines if line["family"] in kept)

    return chosen


def without_expectations(lines: Sequence[Line]) -> Iterator[Line]:
    """No prompt says what is to come out."""
    for line in lines:
        told = [row for row in line["prompt"].split("\n") if not row.startswith("# => ")]
        yield {**line, "prompt": "\n".join(told)}


def without_repairs(lines: Sequence[Line]) -> Iterator[Line]:
    """No prompt says what was wrong with an earlier candidate."""
    return (line for line in lines if "\n# wrong: " not in line["prompt"])


def variants(*, sampled: bool) -> tuple[Variant, ...]:
    """All runs; the first is what the others are compared with."""
    shares = [(1 / 64, "1/64"), (1 / 16, "1/16"), (1 / 4, "1/4")]
    own = [Variant("sampled", "ablation", "with own candidates", source="sampled")] if sampled else []
    return (
        Variant("whole", "whole", "everything", at=1.0),
        *(
            Variant(
                f"families-{text.replace('/', '-of-')}", "families", text, share, filter=families_share(share)
            )
            for share, text in shares
        ),
        Variant("rank-4", "rank", "rank 4", 4, ("--rank", "4", "--alpha", "8")),
        Variant("rank-32", "rank", "rank 32", 32, ("--rank", "32", "--alpha", "64")),
        Variant("one-rate", "ablation", "one rate", options=("--eagerness", "1")),
        Variant("one-intent", "ablation", "one intent a family", source="one-intent"),
        Variant("no-expectation", "ablation", "no expectations", filter=without_expectations),
        Variant("no-repairs", "ablation", "no repairs", filter=without_repairs),
        *own,
    )


def lay(variant: Variant, data: Path, folder: Path, *, sampled: Path | None) -> None:
    """Write a variant's data; all are looked at on the same development examples."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder.parent.parent / "one-intent-data" if variant.source == "one-intent" else data
    lines = _read(source / TRAIN)
    if variant.source == "sampled" and sampled is not None:
        lines += _read(sampled / TRAIN)
    with (folder / TRAIN).open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(line, ensure_ascii=False)}\n" for line in variant.filter(lines))
    shutil.copyfile(data / DEVELOPMENT, folder / DEVELOPMENT)


def make_one_intent(data: Path, out: Path, families: Sequence[Path]) -> None:
    """Make the data anew with the first intent of each family alone; raises EngineFailed."""
    if (out / "data.json").exists():
        return
    told = json.loads((data / "data.json").read_text("utf-8"))
    command = [sys.executable, "-m", "training.data", "--intents", "1", "--out", str(out)]
    command += ["--seed", str(told["seed"]), "--per-family", str(told["per_family"])]
    command += ["--families", *map(str, families)] if families else []
    if subprocess.run(command, check=False).returncode:
        raise EngineFailed("the data could not be made", about=" ".join(command))


def _read(path: Path) -> list[Line]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]
