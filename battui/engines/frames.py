"""What the kernel and the engine's process say to each other: length-prefixed maps of MessagePack.

Every frame is a map with a `kind`. The kernel says

    hello     version, engine, model, options      first of all: load this
    generate  job, request                         answered by tokens*, then done or refused
    count     job, text                            answered by counted or refused
    embed     job, texts                           answered by embedded or refused
    cancel    job                                  the job still ends with done

and closes its end when the host is to unload and end;
and the host

    loading   progress                             0 to 1
    ready     description                          jobs may come
    tokens    job, pieces                          [[candidate, text], ...], at most some twenty frames a second
    done      job, result
    counted   job, tokens
    embedded  job, vectors                         one a text, little-endian float32
    refused   job (absent: the load), error        a BattuiError: code, what, about, remedy
    beat                                           the process is alive
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, TypeAlias

import ormsgpack

from battui.contracts import errors
from battui.contracts.errors import BattuiError, EngineFailed

VERSION = 1
MAX_FRAME = 16 << 20
PREFIX = struct.Struct(">I")
KINDS = frozenset(
    {
        "hello",
        "generate",
        "count",
        "embed",
        "cancel",
        "loading",
        "ready",
        "tokens",
        "done",
        "counted",
        "embedded",
        "refused",
        "beat",
    }
)

Frame: TypeAlias = dict[str, Any]


class FrameError(ValueError):
    """The other side sent what is no frame; nothing after it can be trusted."""


def pack(kind: str, **fields: object) -> bytes:
    """One frame, ready to be sent."""
    body = ormsgpack.packb({"kind": kind, **fields})
    if len(body) > MAX_FRAME:
        raise FrameError(f"a frame of {len(body)} bytes is too long")
    return PREFIX.pack(len(body)) + body


class Unpacker:
    """Turns a stream of bytes into frames, however they were cut on the way."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that `data` completes. Raises FrameError."""
        self._buffer += data
        while len(self._buffer) >= PREFIX.size:
            (size,) = PREFIX.unpack_from(self._buffer)
            if size > MAX_FRAME:
                raise FrameError(f"a frame of {size} bytes is too long")
            end = PREFIX.size + size
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[PREFIX.size : end])
            del self._buffer[:end]
            yield _frame(body)


def _frame(body: bytes) -> Frame:
    try:
        frame = ormsgpack.unpackb(body)
    except ormsgpack.MsgpackDecodeError as error:
        raise FrameError(f"no MessagePack: {error}") from None
    kind = frame.get("kind") if isinstance(frame, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise FrameError("a frame is a map with a known kind")
    known: Frame = frame
    return known


def error_fields(error: BaseException) -> dict[str, str]:
    """An exception as a frame's `error`; anything that is not battui's own becomes an EngineFailed."""
    if not isinstance(error, BattuiError):
        error = EngineFailed(f"the engine failed: {type(error).__name__}: {error}")
    return {"code": error.code, "what": error.what, "about": error.about, "remedy": error.remedy}


def error_from(fields: object) -> BattuiError:
    """The error that a frame carries; an unknown or malformed one is an EngineFailed."""
    if not isinstance(fields, dict):
        return EngineFailed("the engine's process sent a malformed error")
    found = getattr(errors, str(fields.get("code")), EngineFailed)
    kind = found if isinstance(found, type) and issubclass(found, BattuiError) else EngineFailed
    words = {name: str(fields.get(name, "")) for name in ("what", "about", "remedy")}
    return kind(words["what"], about=words["about"], remedy=words["remedy"])
