"""What a GGUF file says of itself, read before llama.cpp is let near it.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little-endian).
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from battui.contracts.errors import ModelUnavailable

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_ENTRIES = 1 << 20
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
# ggml type: (elements in a block, bytes of a block)
# fmt: off
BLOCKS = {
    0: (1, 4), 1: (1, 2), 30: (1, 2), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8),  # plain numbers
    2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36), 20: (32, 18), 39: (32, 17),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),  # Q2_K to Q8_K
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 21: (256, 110), 22: (256, 82), 23: (256, 136),
    29: (256, 56), 34: (256, 54), 35: (256, 66),
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Header:
    """What the engine wants to know of a model: architecture, its own name, the context it was trained for.

    `shapes` has every tensor's (the fastest dimension first, as GGUF writes it); `heads` and `kv_heads` are 0 where
    the file does not say, or says it for each layer. A model that `pools` makes one vector of a text.
    """

    architecture: str
    name: str
    context: int
    tensors: int
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict, compare=False, repr=False)
    heads: int = 0
    kv_heads: int = 0
    pools: bool = False


def read_header(path: Path) -> Header:
    """Read the header of a GGUF file and check that every tensor it names lies inside the file.

    Raises ModelUnavailable where there is no file, it is no GGUF model, or its end is missing.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _read(_Cursor(data), str(path))
    except (struct.error, UnicodeDecodeError, KeyError, RecursionError) as error:
        raise _refusal("the model's file is cut off or damaged", str(path)) from error
    except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
        raise _refusal("the model's file cannot be read", str(path)) from error


def _read(cursor: _Cursor, about: str) -> Header:
    if cursor.take(4) != MAGIC:
        raise _refusal("this is no GGUF file", about)
    version = cursor.number("I")
    if version not in VERSIONS:
        raise _refusal(f"the file has GGUF version {version}, battui reads {VERSIONS}", about)
    tensors, entries = cursor.number("Q"), cursor.number("Q")
    if max(tensors, entries) > MAX_ENTRIES:
        raise _refusal("the model's file is cut off or damaged", about)
    values = dict(cursor.entry() for _ in range(entries))
    found = [cursor.tensor() for _ in range(tensors)]
    end = max((tensor.end for tensor in found), default=0)
    alignment = _whole(values.get("general.alignment"), 32)
    start = -(-cursor.at // alignment) * alignment
    if start + end > len(cursor.data):
        raise _refusal("the model's file is cut off or damaged", about)
    architecture = str(values.get("general.architecture", ""))
    heads = _whole(values.get(f"{architecture}.attention.head_count"), 0)
    return Header(
        architecture,
        str(values.get("general.name", "")),
        _whole(values.get(f"{architecture}.context_length"), 0),
        tensors,
        {tensor.name: tensor.shape for tensor in found},
        heads,
        _whole(values.get(f"{architecture}.attention.head_count_kv", heads), 0),
        _whole(values.get(f"{architecture}.pooling_type"), 0) > 0,
    )


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) and value > 0 else default


def _refusal(what: str, about: str) -> ModelUnavailable:
    return ModelUnavailable(what, about=about, remedy="Fetch the model again: battui model pull.")


@dataclass(frozen=True, slots=True)
class _Tensor:
    """One tensor's entry; `end` counts from the start of the tensor data."""

    name: str
    shape: tuple[int, ...]
    end: int


class _Cursor:
    """A reading position in the mapped file; reading past its end raises struct.error."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise struct.error("past the end of the file")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, code: str) -> int:
        value: int = struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]
        return value

    def string(self) -> str:
        return self.take(self.number("Q")).decode("utf-8")

    def entry(self) -> tuple[str, object]:
        key = self.string()
        return key, self.value(self.number("I"))

    def value(self, kind: int) -> object:
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            self.skip_array()
            return None
        return self.number(SCALARS[kind])

    def skip_array(self) -> None:
        """Pass over an array: the vocabulary is long, and nothing here needs it."""
        kind, count = self.number("I"), self.number("Q")
        if kind in SCALARS:
            self.skip(count * struct.calcsize("<" + SCALARS[kind]))
            return
        for _ in range(count):
            if kind == STRING:
                self.skip(self.number("Q"))
            else:
                self.value(kind)

    def skip(self, count: int) -> None:
        self.at += count
        if self.at > len(self.data):
            raise struct.error("past the end of the file")

    def tensor(self) -> _Tensor:
        """The next tensor's entry."""
        name = self.string()
        shape = tuple(self.number("Q") for _ in range(self.number("I")))
        # A type newer than the table: its size is unknown.
        block, size = BLOCKS.get(self.number("I"), (1, 0))
        return _Tensor(name, shape, self.number("Q") + prod(shape) // block * size)
