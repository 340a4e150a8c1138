"""What a GGUF file says of itself: magic, version and the first metadata, read without loading it.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

from battui.contracts.errors import UsageError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_TEXT = 1 << 16
MAX_ENTRIES = 256

_STRING, _ARRAY = 8, 9
_FORMATS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
Scalar: TypeAlias = "int | float | bool | str"


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """The model's architecture, its own name, licence and context length; empty or 0 where it says nothing."""

    architecture: str
    title: str
    licence: str
    context: int


def read_header(path: Path) -> GgufHeader:
    """Read the header of the model file at `path`; raises UsageError where it is no GGUF that battui can use."""
    try:
        with path.open("rb") as file:
            return _header(file)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", about=str(path)) from None
    except (ValueError, struct.error) as error:
        raise UsageError(
            f"this is no model file: {error}",
            about=str(path),
            remedy="battui takes GGUF files, version 2 or 3.",
        ) from None


def _header(file: IO[bytes]) -> GgufHeader:
    if file.read(4) != MAGIC:
        raise ValueError("it does not start with GGUF")
    version, _tensors, entries = _unpack(file, "<IQQ")
    if version not in VERSIONS:
        raise ValueError(f"its GGUF version is {version}")
    found = _metadata(file, min(int(entries), MAX_ENTRIES))
    architecture = str(found.get("general.architecture", ""))
    context = found.get(f"{architecture}.context_length", 0)
    return GgufHeader(
        architecture=architecture,
        title=str(found.get("general.name", "")),
        licence=str(found.get("general.license", "")),
        context=context if isinstance(context, int) else 0,
    )


def _metadata(file: IO[bytes], entries: int) -> dict[str, Scalar]:
    """The scalars up to the first array: the vocabulary's, long and of no interest here."""
    found: dict[str, Scalar] = {}
    for _ in range(entries):
        key = _text(file)
        (kind,) = _unpack(file, "<I")
        if kind == _ARRAY and key.startswith("tokenizer."):
            break
        value = _value(file, int(kind))
        if value is not None:
            found[key] = value
    return found


def _value(file: IO[bytes], kind: int) -> Scalar | None:
    if kind == _STRING:
        return _text(file)
    if kind == _ARRAY:
        inner, length = _unpack(file, "<IQ")
        if length > MAX_TEXT or inner == _ARRAY:
            raise ValueError("its metadata is too large")
        for _ in range(int(length)):
            _value(file, int(inner))
        return None
    if kind not in _FORMATS:
        raise ValueError(f"its metadata has the unknown type {kind}")
    scalar: Scalar = _unpack(file, _FORMATS[kind])[0]
    return scalar


def _text(file: IO[bytes]) -> str:
    (length,) = _unpack(file, "<Q")
    if length > MAX_TEXT:
        raise ValueError("its metadata is too large")
    return _exactly(file, int(length)).decode("utf-8", "replace")


def _unpack(file: IO[bytes], layout: str) -> tuple[int | float | bool, ...]:
    return struct.unpack(layout, _exactly(file, struct.calcsize(layout)))


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise ValueError("it ends too early")
    return data
