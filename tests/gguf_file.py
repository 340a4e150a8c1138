"""Writes GGUF files (version 3), for models that tests make themselves."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from battui.engines.gguf import ARRAY, MAGIC, STRING

ALIGNMENT = 32
BOOLEAN, UNSIGNED, SIGNED, FLOAT = 7, 4, 5, 6
Entry: TypeAlias = str | float | Sequence[str] | Sequence[int]


def write_gguf(path: Path, entries: Mapping[str, Entry], tensors: Mapping[str, Any]) -> Path:
    """A file of these entries and arrays of 32-bit numbers, under llama.cpp's names."""
    head = MAGIC + struct.pack("<IQQ", 3, len(tensors), len(entries))
    head += b"".join(_text(key) + _value(value) for key, value in entries.items())
    body = b""
    for name, numbers in tensors.items():
        shape = numbers.shape[::-1]
        head += _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(body))
        body += _padded(numbers.tobytes())
    path.write_bytes(_padded(head) + body)
    return path


def _value(value: Entry) -> bytes:
    match value:
        case bool():
            return struct.pack("<I?", BOOLEAN, value)
        case int():
            return struct.pack("<II", UNSIGNED, value)
        case float():
            return struct.pack("<If", FLOAT, value)
        case str():
            return struct.pack("<I", STRING) + _text(value)
    texts = [_text(each) if isinstance(each, str) else struct.pack("<i", each) for each in value]
    kind = SIGNED if value and not isinstance(value[0], str) else STRING
    return struct.pack("<IIQ", ARRAY, kind, len(value)) + b"".join(texts)


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _padded(data: bytes) -> bytes:
    return data.ljust(-(-len(data) // ALIGNMENT) * ALIGNMENT, b"\0")
