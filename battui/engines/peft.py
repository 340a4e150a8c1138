"""LoRA adapters in PEFT form: adapter_config.json and adapter_model.safetensors, read and judged before any engine.

What an engine would load with a wrong meaning, or not at all, is refused here with the reason. Nothing is unpickled:
a `.bin` is never opened.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from battui.contracts.errors import ModelUnavailable, UsageError
from battui.contracts.generation import AdapterFiles

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
EXPERT = "expert.toml"
ITEM_BYTES = {"F32": 4, "F16": 2, "BF16": 2}
MAX_CONFIG = 1 << 20
MAX_RANK = 4096
KEY = re.compile(r"base_model\.model\.(?P<module>[A-Za-z0-9_.]+)\.lora_(?P<side>[AB])\.weight")
PREFIX = struct.Struct("<Q")

# What PEFT can do and battui's engines cannot: with any of these the adapter would mean something else.
UNSUPPORTED = {
    "use_dora": "it is a DoRA, whose magnitudes llama.cpp does not know",
    "use_qalora": "it is a QALoRA",
    "rank_pattern": "it has ranks of its own for some modules (rank_pattern)",
    "alpha_pattern": "it has alphas of its own for some modules (alpha_pattern)",
    "modules_to_save": "it brings whole modules of its own (modules_to_save)",
    "trainable_token_indices": "it brings embeddings of its own (trainable_token_indices)",
    "layer_replication": "it repeats layers of the model (layer_replication)",
    "fan_in_fan_out": "its weights are stored transposed (fan_in_fan_out)",
    "lora_bias": "it has biases (lora_bias)",
    "target_parameters": "it changes bare parameters (target_parameters)",
    "alora_invocation_tokens": "it is an aLoRA, which is active for a part of the prompt only",
}
# These start from a changed copy of the model: on the model itself the adapter would be wrong.
CHANGED_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga")


@dataclass(frozen=True, slots=True)
class Span:
    """One tensor of a safetensors file: its type, its shape (slowest dimension first) and where its bytes lie."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pair:
    """The two matrices of one module: the module's weight changes by `b @ a`, times alpha / rank."""

    a: Span
    b: Span


@dataclass(frozen=True, slots=True)
class PeftAdapter:
    """A whole, well-formed adapter; whether it fits a model is another question.

    `alpha` is what the product of the matrices is multiplied with, times the rank: rsLoRA's square root is in it.
    """

    weights: Path
    rank: int
    alpha: float
    base: str
    pairs: Mapping[str, Pair]


def files_of(folder: Path) -> dict[str, Path]:
    """The two files of an adapter's folder by name, and what it is an expert for, if it says so.

    Raises UsageError where one of the two is missing.
    """
    found = {name: folder / name for name in (CONFIG, WEIGHTS)}
    missing = [name for name, path in found.items() if not path.is_file()]
    if not missing:
        expert = folder / EXPERT
        return found | ({EXPERT: expert} if expert.is_file() else {})
    if WEIGHTS in missing and any(folder.glob("*.bin")):
        remedy = (
            "A .bin is a pickle and is never opened; save it as safetensors (PEFT's save_pretrained does)."
        )
    else:
        remedy = f"An adapter is a folder with {CONFIG} and {WEIGHTS}, as PEFT saves it."
    raise UsageError(f"there is no {' and no '.join(missing)}", about=str(folder), remedy=remedy)


def read_adapter(adapter: AdapterFiles) -> PeftAdapter:
    """Read the configuration and the header of the weights.

    Raises ModelUnavailable for anything that is no whole LoRA of the plain kind.
    """
    if missing := {CONFIG, WEIGHTS} - set(adapter.files):
        raise refusal(f"it has no {' and no '.join(sorted(missing))}", adapter.name)
    config = _config(Path(adapter.files[CONFIG]), adapter.name)
    rank, alpha = _scaling(config, adapter.name)
    weights = Path(adapter.files[WEIGHTS])
    pairs = _pairs(read_spans(weights, adapter.name), rank, adapter.name)
    return PeftAdapter(weights, rank, alpha, str(config.get("base_model_name_or_path") or ""), pairs)


def refusal(what: str, about: str) -> ModelUnavailable:
    """The refusal of an adapter."""
    return ModelUnavailable(f"this adapter cannot be used: {what}", about=about)


def _config(path: Path, about: str) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            config = json.loads(file.read(MAX_CONFIG))
    except (OSError, ValueError, RecursionError) as error:
        raise refusal(f"its {CONFIG} cannot be read ({error})", about) from error
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        raise refusal("it is no LoRA (peft_type)", about)
    for key, reason in UNSUPPORTED.items():
        if config.get(key):
            raise refusal(reason, about)
    if config.get("bias", "none") != "none":
        raise refusal("it has biases (bias)", about)
    if str(config.get("init_lora_weights", "")).lower().startswith(CHANGED_BASE):
        raise refusal("it was trained on a changed copy of the model (init_lora_weights)", about)
    return config


def _scaling(config: Mapping[str, Any], about: str) -> tuple[int, float]:
    rank: object = config.get("r")
    alpha: object = config.get("lora_alpha")
    if not isinstance(rank, int) or not 1 <= rank <= MAX_RANK:
        raise refusal(f"its rank (r) is {rank!r}", about)
    if not isinstance(alpha, int | float) or not 0 < alpha < math.inf:  # llama.cpp would read 0 as the rank
        raise refusal(f"its lora_alpha is {alpha!r}", about)
    return rank, float(alpha) * (math.sqrt(rank) if config.get("use_rslora") else 1.0)


def read_spans(path: Path, about: str) -> dict[str, Span]:
    """The tensors of a safetensors file; the library checks that they neither overlap nor leave anything out."""
    try:
        # Without numpy or torch the library gives shapes and types, but no bytes and no places.
        with safe_open(path, "numpy") as checked, path.open("rb") as file:
            names = list(checked.keys())
            (size,) = PREFIX.unpack(file.read(PREFIX.size))
            header = json.loads(file.read(size))
    except (OSError, ValueError, struct.error, SafetensorError) as error:
        raise refusal(f"its {WEIGHTS} is cut off or damaged ({error})", about) from error
    return {name: _span(header[name], PREFIX.size + size) for name in names}


def _span(entry: Mapping[str, Any], origin: int) -> Span:
    start, end = entry["data_offsets"]
    return Span(entry["dtype"], tuple(entry["shape"]), origin + start, origin + end)


def _pairs(spans: Mapping[str, Span], rank: int, about: str) -> dict[str, Pair]:
    """The matrices by module; every one has its partner, the rank of the configuration, and a type we know."""
    sides: dict[str, dict[str, Span]] = {}
    for name, span in spans.items():
        found = KEY.fullmatch(name)
        if found is None:
            raise refusal(f"it has the tensor {name!r}, which is no part of a plain LoRA", about)
        if span.dtype not in ITEM_BYTES or len(span.shape) != 2:
            raise refusal(
                f"{name} is {span.dtype} {list(span.shape)}; matrices of F16, BF16 or F32 are", about
            )
        sides.setdefault(found["module"], {})[found["side"]] = span
    if not sides:
        raise refusal("it has no matrices at all", about)
    return {module: _pair(module, both, rank, about) for module, both in sorted(sides.items())}


def _pair(module: str, sides: Mapping[str, Span], rank: int, about: str) -> Pair:
    if set(sides) != {"A", "B"}:
        raise refusal(f"{module} has only one of its two matrices", about)
    pair = Pair(sides["A"], sides["B"])
    if pair.a.shape[0] != rank or pair.b.shape[1] != rank:
        shapes = f"{list(pair.a.shape)} and {list(pair.b.shape)}"
        raise refusal(f"{module} has matrices of {shapes}, but its rank is said to be {rank}", about)
    return pair
