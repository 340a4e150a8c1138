"""Adapters in PEFT form: whole ones become GGUF LoRA, every other one is refused with its reason."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.contracts.errors import ModelUnavailable, UsageError
from battui.contracts.generation import AdapterFiles
from battui.engines.gguf import Header, read_header
from battui.engines.gguf_lora import converted, interleaved
from battui.engines.peft import CONFIG, WEIGHTS, files_of, read_adapter
from tests.peft_adapters import config, make_adapter, matrices, safetensors, write_adapter

SHAPES = {"blk.0.attn_q.weight": (12, 16), "blk.0.attn_k.weight": (12, 8), "blk.0.attn_v.weight": (12, 8)}
BASE = Header("llama", "small", 512, len(SHAPES), SHAPES, heads=4, kv_heads=2)
TARGETS = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
PREFIX = "base_model.model.model.layers.0.self_attn"


def small(folder: Path, **settings: object) -> AdapterFiles:
    weights = safetensors(matrices(BASE, 1, rank=2, targets=TARGETS))
    return write_adapter(folder, config(2) | settings, weights)


def renamed(old: str, new: str) -> bytes:
    tensors = matrices(BASE, 1, rank=2, targets=TARGETS)
    return safetensors({name.replace(old, new): value for name, value in tensors.items()})


def test_it_becomes_a_gguf_lora_with_every_matrix(tmp_path: Path) -> None:
    path = converted(small(tmp_path / "poet"), BASE, tmp_path / "cache")

    header = read_header(path)

    assert header.architecture == "llama"
    assert header.shapes["blk.0.attn_q.weight.lora_a"] == (12, 2)
    assert header.shapes["blk.0.attn_q.weight.lora_b"] == (2, 16)
    assert len(header.shapes) == 2 * len(SHAPES)
    assert b"adapter.lora.alpha" + struct.pack("<If", 6, 4.0) in path.read_bytes()


def test_rows_of_q_and_k_are_interleaved_and_those_of_v_are_not(tmp_path: Path) -> None:
    names = {f"{PREFIX}.{which}_proj": rows for which, rows in (("q", 16), ("v", 8))}
    tensors = {}
    for name, rows in names.items():
        tensors[f"{name}.lora_A.weight"] = ((1, 12), [0.0] * 12)
        tensors[f"{name}.lora_B.weight"] = ((rows, 1), [float(row) for row in range(rows)])
    adapter = write_adapter(tmp_path / "rows", config(1), safetensors(tensors, "F32"))

    content = converted(adapter, BASE, tmp_path / "cache").read_bytes()

    assert struct.pack("<16f", 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15) in content
    assert struct.pack("<8f", *range(8)) in content


@given(st.integers(1, 8), st.integers(1, 8))
def test_interleaving_moves_rows_within_their_head(heads: int, half: int) -> None:
    rows = interleaved(2 * heads * half, heads)

    assert sorted(rows) == list(range(2 * heads * half))
    assert all(row // (2 * half) == place // (2 * half) for place, row in enumerate(rows))


def test_square_root_scaling_is_in_alpha(tmp_path: Path) -> None:
    assert read_adapter(small(tmp_path / "a", use_rslora=True)).alpha == pytest.approx(4 * 2**0.5)


def test_it_is_converted_once(tmp_path: Path) -> None:
    adapter = small(tmp_path / "poet")
    first = converted(adapter, BASE, tmp_path / "cache")
    written_at = first.stat().st_mtime_ns

    assert converted(adapter, BASE, tmp_path / "cache") == first
    assert first.stat().st_mtime_ns == written_at
    other = make_adapter(tmp_path / "other", BASE, seed=2, rank=2, targets=TARGETS)
    assert converted(other, BASE, tmp_path / "cache") != first
    assert len(list((tmp_path / "cache").iterdir())) == 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"use_dora": True}, "DoRA"),
        ({"rank_pattern": {"q_proj": 4}}, "rank_pattern"),
        ({"alpha_pattern": {"q_proj": 4}}, "alpha_pattern"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"bias": "all"}, "biases"),
        ({"init_lora_weights": "pissa_niter_4"}, "changed copy"),
        ({"peft_type": "IA3"}, "no LoRA"),
        ({"r": 4}, "its rank is said to be 4"),
        ({"r": 0}, "rank"),
        ({"r": "two"}, "rank"),
        ({"lora_alpha": 0}, "lora_alpha"),
        ({"lora_alpha": None}, "lora_alpha"),
    ],
)
def test_what_would_mean_something_else_is_refused(
    tmp_path: Path, settings: dict[str, object], words: str
) -> None:
    with pytest.raises(ModelUnavailable, match=words):
        read_adapter(small(tmp_path / "poet", **settings))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda whole: whole[:-1], "cut off or damaged"),
        (lambda whole: whole + b"\0", "cut off or damaged"),
        (lambda whole: whole[:7], "cut off or damaged"),
        (lambda whole: b"", "cut off or damaged"),
        (lambda whole: b"\xff" * 64, "cut off or damaged"),
        (lambda whole: whole.replace(b'"F16"', b'"I16"'), "I16"),
        (lambda whole: renamed("q_proj.lora_A", "q_proj.lora_magnitude_vector"), "no part of a plain LoRA"),
        (lambda whole: renamed("q_proj.lora_A", "x_proj.lora_A"), "only one of its two"),
        (lambda whole: safetensors({}), "no matrices"),
    ],
)
def test_damaged_weights_are_refused(tmp_path: Path, damage: Callable[[bytes], bytes], words: str) -> None:
    adapter = small(tmp_path / "poet")
    path = Path(adapter.files[WEIGHTS])
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(ModelUnavailable, match=words):
        read_adapter(adapter)


@pytest.mark.parametrize("text", ["", "[]", "no json", '{"peft_type": ', "[" * 100_000])
def test_a_configuration_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    adapter = small(tmp_path / "poet")
    Path(adapter.files[CONFIG]).write_text(text)

    with pytest.raises(ModelUnavailable, match="poet"):
        read_adapter(adapter)


@pytest.mark.parametrize(
    ("base", "words"),
    [
        (
            Header("llama", "", 0, 3, {**SHAPES, "blk.0.attn_q.weight": (24, 16)}, 4, 2),
            "16 by 12, the model's is 16 by 24",
        ),
        (Header("llama", "", 0, 0, {}, 4, 2), "the model has no model.layers.0"),
        (Header("llama", "", 0, 3, SHAPES, 0, 0), "belong to heads"),
        (Header("mamba", "", 0, 3, SHAPES, 4, 2), "mamba"),
    ],
)
def test_an_adapter_for_another_model_is_refused(tmp_path: Path, base: Header, words: str) -> None:
    with pytest.raises(ModelUnavailable, match=words):
        converted(small(tmp_path / "poet"), base, tmp_path / "cache")

    assert not (tmp_path / "cache").exists()


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text(json.dumps(config()))
    (tmp_path / "adapter_model.bin").write_bytes(b"cos\nsystem\n")

    with pytest.raises(UsageError, match="pickle"):
        files_of(tmp_path)


def test_a_folder_without_an_adapter_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no adapter_config\.json and no adapter_model\.safetensors"):
        files_of(tmp_path)
