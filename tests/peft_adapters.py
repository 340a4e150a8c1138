"""Small LoRA adapters in PEFT form, made of random numbers with a fixed seed: real files for real engines."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Mapping
from pathlib import Path

from battui.contracts.generation import AdapterFiles, ModelFiles
from battui.engines.gguf import Header, read_header
from battui.engines.peft import CONFIG, WEIGHTS, files_of

TARGETS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
CODES = {"F16": "e", "F32": "f"}


def header_of(model: ModelFiles) -> Header:
    """What the model's GGUF file says of itself."""
    return read_header(Path(next(path for name, path in model.files.items() if name.endswith(".gguf"))))


def config(rank: int = 8, **others: object) -> dict[str, object]:
    """An adapter_config.json as PEFT writes it, as far as it matters."""
    plain = {"peft_type": "LORA", "r": rank, "lora_alpha": 2 * rank, "bias": "none", "use_dora": False}
    more = {
        "target_modules": [name.rpartition(".")[2] for name in TARGETS],
        "rank_pattern": {},
        "task_type": "CAUSAL_LM",
    }
    return plain | more | {"base_model_name_or_path": "somebody/small"} | others


def matrices(
    header: Header,
    seed: int,
    rank: int = 8,
    strength: float = 0.08,
    targets: tuple[str, ...] = tuple(TARGETS),
) -> dict[str, tuple[tuple[int, int], list[float]]]:
    """Both matrices for every target of every layer, by PEFT's names: shape and numbers.

    The numbers are spread evenly around 0; `strength` is their standard deviation.
    """
    chance = random.Random(seed)
    width = strength * 12**0.5
    found: dict[str, tuple[tuple[int, int], list[float]]] = {}
    layers = sum(1 for name in header.shapes if name.endswith("attn_q.weight"))
    for layer in range(layers):
        for module in targets:
            inputs, outputs = header.shapes[f"blk.{layer}.{TARGETS[module]}.weight"]
            name = f"base_model.model.model.layers.{layer}.{module}"
            for side, shape in (("A", (rank, inputs)), ("B", (outputs, rank))):
                numbers = [(chance.random() - 0.5) * width for _ in range(shape[0] * shape[1])]
                found[f"{name}.lora_{side}.weight"] = (shape, numbers)
    return found


def safetensors(tensors: Mapping[str, tuple[tuple[int, ...], list[float]]], dtype: str = "F16") -> bytes:
    """A safetensors file: the length of the header, the header, the numbers."""
    header, body = {}, bytearray()
    for name, (shape, numbers) in tensors.items():
        start = len(body)
        body += struct.pack(f"<{len(numbers)}{CODES[dtype]}", *numbers)
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [start, len(body)]}
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + bytes(body)


def write_adapter(folder: Path, settings: Mapping[str, object], weights: bytes) -> AdapterFiles:
    """Put both files into `folder`, which is also the adapter's name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text(json.dumps(settings))
    (folder / WEIGHTS).write_bytes(weights)
    return AdapterFiles(folder.name, "", {name: str(path) for name, path in files_of(folder).items()})


def make_adapter(
    folder: Path,
    header: Header,
    *,
    seed: int,
    rank: int = 8,
    strength: float = 0.08,
    targets: tuple[str, ...] = tuple(TARGETS),
) -> AdapterFiles:
    """A whole random adapter for the model with this header."""
    weights = safetensors(matrices(header, seed, rank=rank, strength=strength, targets=targets))
    return write_adapter(folder, config(rank), weights)
