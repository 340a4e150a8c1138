"""PEFT adapters as GGUF LoRA, the form in which llama.cpp takes them.

The layout is that of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; the keys (`general.type`,
`adapter.type`, `adapter.lora.alpha`) and tensor names (`<weight>.lora_a`, `<weight>.lora_b`) are those that the
adapter loader of llama.cpp asks for. Numbers are carried over bit by bit; only rows change places.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from battui.contracts.errors import EngineFailed
from battui.contracts.generation import AdapterFiles
from battui.engines.gguf import MAGIC, STRING, Header
from battui.engines.peft import ITEM_BYTES, Pair, PeftAdapter, Span, read_adapter, refusal

FORM = 1  # of what is written here; another one is another cache entry
ALIGNMENT = 32
UINT32, FLOAT32 = 4, 6
GGML_TYPES = {"F32": 0, "F16": 1, "BF16": 30}
LAYER = re.compile(r"(?:model\.)?layers\.(\d+)\.([a-z_.]+)")
MODULES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
# These name their modules alike. Of `llama` (to which Mistral's models belong) llama.cpp keeps the rows of q and k in
# another order than the others do: halves of a head interleaved, for its kind of rotary embedding.
ARCHITECTURES = frozenset({"llama", "qwen2", "qwen3"})
INTERLEAVED = frozenset({"llama"})


@dataclass(frozen=True, slots=True)
class Matrix:
    """One tensor of the file to be: where its bytes come from, and in which order of rows (None: as they are)."""

    name: str
    source: Span
    rows: tuple[int, ...] | None = None


def converted(adapter: AdapterFiles, base: Header, cache: Path) -> Path:
    """The GGUF form of an adapter for a model with the header `base`, made now or found in the folder `cache`.

    Raises ModelUnavailable where the adapter is not whole, not of a known kind or does not fit the model,
    EngineFailed where the cache cannot be written.
    """
    plan = planned(peft := read_adapter(adapter), base, adapter.name)
    target = cache / f"{_key(adapter, base)}.gguf"
    if target.exists():
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # Nobody ever sees half of it, and what an ended process leaves behind is replaced.
        part = target.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            file.writelines(written(peft, plan, base.architecture))
        part.replace(target)
    except OSError as error:
        raise EngineFailed(
            f"the adapter's converted form cannot be written: {error}", about=str(cache)
        ) from error
    return target


def planned(adapter: PeftAdapter, base: Header, about: str) -> tuple[Matrix, ...]:
    """Which tensors the file will have. Raises ModelUnavailable where the adapter does not fit the model."""
    if base.architecture not in ARCHITECTURES:
        kinds = ", ".join(sorted(ARCHITECTURES))
        raise refusal(f"adapters are known for {kinds}, not for a model of kind {base.architecture!r}", about)
    return tuple(
        matrix for module, pair in adapter.pairs.items() for matrix in _matrices(module, pair, base, about)
    )


def written(adapter: PeftAdapter, plan: tuple[Matrix, ...], architecture: str) -> Iterator[bytes]:
    """The bytes of the GGUF file, piece by piece."""
    entries = [
        _entry("general.type", STRING, _text("adapter")),
        _entry("general.architecture", STRING, _text(architecture)),
        _entry("adapter.type", STRING, _text("lora")),
        _entry("adapter.lora.alpha", FLOAT32, struct.pack("<f", adapter.alpha)),
        _entry("general.alignment", UINT32, struct.pack("<I", ALIGNMENT)),
    ]
    infos, offset = [], 0
    for matrix in plan:
        infos.append(_info(matrix, offset))
        offset += _aligned(matrix.source.end - matrix.source.start)
    head = MAGIC + struct.pack("<IQQ", 3, len(plan), len(entries)) + b"".join(entries + infos)
    yield head.ljust(_aligned(len(head)), b"\0")
    with adapter.weights.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for matrix in plan:
            body = _body(matrix, data)
            yield body.ljust(_aligned(len(body)), b"\0")


def interleaved(rows: int, heads: int) -> tuple[int, ...]:
    """For each row of llama.cpp's order the row of Hugging Face's: a head's two halves, taken in turn."""
    half = rows // heads // 2
    return tuple(
        head * 2 * half + side * half + place
        for head in range(heads)
        for place in range(half)
        for side in (0, 1)
    )


def _matrices(module: str, pair: Pair, base: Header, about: str) -> tuple[Matrix, Matrix]:
    weight = _weight(module)
    shape = base.shapes.get(f"{weight}.weight")
    if shape is None:
        raise refusal(f"the model has no {module}: it was made for another model", about)
    if shape != (pair.a.shape[1], pair.b.shape[0]):
        fits = f"{pair.b.shape[0]} by {pair.a.shape[1]}, the model's is {shape[1]} by {shape[0]}"
        raise refusal(f"it was made for another model: its {module} is {fits}", about)
    rows = _order(weight, pair.b.shape[0], base, about)
    return Matrix(f"{weight}.weight.lora_a", pair.a), Matrix(f"{weight}.weight.lora_b", pair.b, rows)


def _weight(module: str) -> str:
    """What llama.cpp calls a module's weight; empty for one that it does not know."""
    if module == "lm_head":
        return "output"
    found = LAYER.fullmatch(module.removeprefix("model."))
    return f"blk.{found[1]}.{MODULES[found[2]]}" if found and found[2] in MODULES else ""


def _order(weight: str, rows: int, base: Header, about: str) -> tuple[int, ...] | None:
    if base.architecture not in INTERLEAVED:
        return None
    heads = {"attn_q": base.heads, "attn_k": base.kv_heads}.get(weight.rpartition(".")[2])
    if heads is None:
        return None
    if not heads or rows % (2 * heads):
        raise refusal(f"the model does not say how the {rows} rows of {weight} belong to heads", about)
    return interleaved(rows, heads)


def _body(matrix: Matrix, data: mmap.mmap) -> bytes:
    body = data[matrix.source.start : matrix.source.end]
    if matrix.rows is None:
        return body
    size = matrix.source.shape[1] * ITEM_BYTES[matrix.source.dtype]
    return b"".join(body[row * size : (row + 1) * size] for row in matrix.rows)


def _info(matrix: Matrix, offset: int) -> bytes:
    slow, fast = matrix.source.shape
    shape = struct.pack("<IQQ", 2, fast, slow)
    return _text(matrix.name) + shape + struct.pack("<IQ", GGML_TYPES[matrix.source.dtype], offset)


def _entry(key: str, kind: int, value: bytes) -> bytes:
    return _text(key) + struct.pack("<I", kind) + value


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _key(adapter: AdapterFiles, base: Header) -> str:
    """What the result depends on: the adapter's bytes, and how the model wants them."""
    digest = hashlib.sha256(f"{FORM} {base.architecture} {base.heads} {base.kv_heads}".encode())
    if adapter.sha256:  # it was hashed when it came into the image
        digest.update(adapter.sha256.encode())
        return digest.hexdigest()
    for name, path in sorted(adapter.files.items()):
        digest.update(name.encode())
        with Path(path).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
