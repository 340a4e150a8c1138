"""A trained network's matrices in PEFT form, in 16 bits."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from battui.contracts.errors import UsageError
from battui.engines.peft import CONFIG, WEIGHTS
from training.expert.network import Network

PREFIX = "base_model.model."
BASE = "SmolLM2-135M-Instruct"


def export(network: Network, folder: Path, base: str = BASE) -> None:
    """Write adapter_config.json and adapter_model.safetensors into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{PREFIX}{name}.lora_{side}.weight": matrix.detach().to("cpu", torch.float16).contiguous()
        for group in network.groups()
        for name, both in group.split().items()
        for side, matrix in zip("AB", both, strict=True)
    }
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    (folder / WEIGHTS).chmod(0o644)  # the library writes files for their owner alone
    targets = sorted({name.rpartition(".")[2] for group in network.groups() for name in group.names})
    text = json.dumps(_config(network, targets, base), indent=2, sort_keys=True)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")


def take_over(network: Network, folder: Path) -> None:
    """Begin with the matrices of an adapter in PEFT form; raises UsageError where it has another form."""
    tensors = load_file(folder / WEIGHTS)
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    if (config["r"], config["lora_alpha"]) != (network.rank, network.alpha):
        raise UsageError(
            f"this adapter has rank {config['r']} and alpha {config['lora_alpha']}", about=str(folder)
        )
    for group in network.groups():
        for name, both in group.split().items():
            for side, matrix in zip("AB", both, strict=True):
                matrix.copy_(tensors[f"{PREFIX}{name}.lora_{side}.weight"])
    network.refresh()


def _config(network: Network, targets: list[str], base: str) -> dict[str, object]:
    alpha = network.alpha
    return {
        "base_model_name_or_path": base,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "init_lora_weights": True,
        "lora_alpha": int(alpha) if alpha == int(alpha) else alpha,
        "lora_dropout": 0.0,
        "modules_to_save": None,
        "peft_type": "LORA",
        "r": network.rank,
        "target_modules": targets,
        "task_type": "CAUSAL_LM",
        "use_dora": False,
        "use_rslora": False,
    }
