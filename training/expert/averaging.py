"""Two adapters of one form made into one that lies halfway between them.

A run that begins with an adapter gains on what is new in its data and loses a little of the rest; halfway between
the two lies most of both (model soups, Wortsman et al. 2022, arXiv:2203.05482).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file

from battui.contracts.errors import UsageError
from battui.engines.peft import CONFIG, WEIGHTS


def average(one: Path, other: Path, target: Path) -> None:
    """Write the mean of two adapters' matrices into the folder `target`; raises UsageError where they differ in form.

    Matrix by matrix, which is near to the mean of their products only if one was trained from the other.
    """
    first, second = load_file(one / WEIGHTS), load_file(other / WEIGHTS)
    shapes = [{name: tensor.shape for name, tensor in each.items()} for each in (first, second)]
    if shapes[0] != shapes[1] or (one / CONFIG).read_bytes() != (other / CONFIG).read_bytes():
        raise UsageError("these adapters have not the same form", about=f"{one}, {other}")
    target.mkdir(parents=True, exist_ok=True)
    means = {
        name: ((tensor.float() + second[name].float()) / 2).to(tensor.dtype).contiguous()
        for name, tensor in first.items()
    }
    save_file(means, target / WEIGHTS, metadata={"format": "pt"})
    (target / WEIGHTS).chmod(0o644)
    shutil.copyfile(one / CONFIG, target / CONFIG)
