"""Adapters of one form made into the mean of them all.

A run that begins with an adapter gains on what is new in its data and loses a little of the rest; halfway between
the two lies most of both (model soups, Wortsman et al. 2022, arXiv:2203.05482).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import load_file, save_file

from battui.contracts.errors import UsageError
from battui.engines.peft import CONFIG, WEIGHTS


def average(adapters: Sequence[Path], target: Path) -> None:
    """Write the mean of the adapters' matrices into the folder `target`; raises UsageError where they differ in form.

    Matrix by matrix, which is near to the mean of their products only if each was trained from another of them.
    """
    held = [load_file(adapter / WEIGHTS) for adapter in adapters]
    forms = [
        ({name: tensor.shape for name, tensor in each.items()}, (adapter / CONFIG).read_bytes())
        for each, adapter in zip(held, adapters, strict=True)
    ]
    if any(form != forms[0] for form in forms):
        raise UsageError("these adapters have not the same form", about=", ".join(map(str, adapters)))
    target.mkdir(parents=True, exist_ok=True)
    means = {
        name: (sum(each[name].float() for each in held) / len(held)).to(tensor.dtype).contiguous()
        for name, tensor in held[0].items()
    }
    save_file(means, target / WEIGHTS, metadata={"format": "pt"})
    (target / WEIGHTS).chmod(0o644)
    shutil.copyfile(adapters[0] / CONFIG, target / CONFIG)
