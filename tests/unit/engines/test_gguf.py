"""Reading a GGUF header: whole files are read, anything less is refused before a library sees it."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.contracts.errors import ModelUnavailable
from battui.engines.gguf import Header, read_header

Q4_1, F32, UNKNOWN = 3, 0, 250


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def entry(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def tensor(name: str, shape: tuple[int, ...], kind: int, offset: int) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def gguf(*, version: int = 3, last: int = F32, data: int = 80 + 16) -> bytes:
    """A small model: a Q4_1 tensor of 4 blocks (80 bytes) and one of 4 floats behind it."""
    entries = [
        entry("general.architecture", 8, text("llama")),
        entry("general.name", 8, text("Tiny")),
        entry("llama.context_length", 4, struct.pack("<I", 2048)),
        entry("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2) + text("a") + text("b")),
        entry("tokenizer.ggml.scores", 9, struct.pack("<IQ2f", 6, 2, 0.5, 1.5)),
        entry("nested", 9, struct.pack("<IQ", 9, 1) + struct.pack("<IQ2B", 0, 2, 1, 2)),
    ]
    tensors = [tensor("w", (64, 2), Q4_1, 0), tensor("b", (4,), last, 80)]
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(entries)) + b"".join(entries + tensors)
    return head + b"\0" * (-len(head) % 32) + b"\7" * data


def read(folder: Path, content: bytes) -> Header:
    path = folder / "model.gguf"
    path.write_bytes(content)
    return read_header(path)


@pytest.mark.parametrize("version", [2, 3])
def test_a_whole_model_is_read(tmp_path: Path, version: int) -> None:
    assert read(tmp_path, gguf(version=version)) == Header("llama", "Tiny", 2048, 2)


def test_a_tensor_type_newer_than_the_table_counts_from_its_start_only(tmp_path: Path) -> None:
    assert read(tmp_path, gguf(last=UNKNOWN, data=81)).tensors == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read"),
        (b"<html>not found</html>", "no GGUF file"),
        (gguf(version=1), "version 1"),
        (gguf(data=95), "cut off"),
        (gguf(data=0), "cut off"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 1), "cut off"),
        (
            b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + entry("deep", 9, struct.pack("<IQ", 9, 1) * 5000),
            "cut off",
        ),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(ModelUnavailable, match=words):
        read(tmp_path, content)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        read_header(tmp_path / "nowhere.gguf")


WHOLE = gguf()


@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_anywhere_is_refused(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    with pytest.raises(ModelUnavailable):
        read(tmp_path_factory.mktemp("cut"), WHOLE[:length])


@given(st.integers(4, len(WHOLE) - 97), st.binary(min_size=1, max_size=8))
def test_a_damaged_header_never_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes
) -> None:
    damaged = WHOLE[:at] + noise + WHOLE[at + len(noise) :]
    with suppress(ModelUnavailable):
        read(tmp_path_factory.mktemp("damaged"), damaged)
