"""The frames between kernel and cell: length-prefixed msgpack of storable values.

The same code reads what a hostile child wrote, so whatever the bytes are, the only error is WireError. A reference
travels as an extension of its own, and so does an integer that msgpack has no form for.
"""

from __future__ import annotations

import math

import ormsgpack

from battui.contracts.values import Ref, Value

MAX_DEPTH = 40
"""Values nest up to 32 levels; the message around them needs a few more."""

MAX_INTEGER_BITS = 14_000
"""Python refuses to print integers beyond 4300 digits, so one that passes here can always be shown."""

_REFERENCE = 1
_BIG_INTEGER = 2
_HEADER_BYTES = 4
_OPTIONS = (
    ormsgpack.OPT_PASSTHROUGH_BIG_INT
    | ormsgpack.OPT_PASSTHROUGH_DATACLASS
    | ormsgpack.OPT_PASSTHROUGH_DATETIME
    | ormsgpack.OPT_PASSTHROUGH_ENUM
    | ormsgpack.OPT_PASSTHROUGH_SUBCLASS
    | ormsgpack.OPT_PASSTHROUGH_TUPLE
    | ormsgpack.OPT_PASSTHROUGH_UUID
)


class WireError(ValueError):
    """Bytes that are no message, or a value that cannot be one."""


class FrameTooLarge(WireError):
    """A frame beyond the size that the reader accepts."""


def pack(value: Value) -> bytes:
    """The bytes of `value`; raises WireError for what `unpack` would refuse."""
    try:
        _check(value, 0)
        return ormsgpack.packb(value, _extend, _OPTIONS)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise WireError(f"not a value for the wire: {error}") from None


def unpack(data: bytes) -> Value:
    """The value that `data` stands for; raises WireError for anything that `pack` would not have written.

    That one form is insisted on keeps out what msgpack's readers pass over: bytes after the value, a key twice.
    """
    try:
        value: Value = ormsgpack.unpackb(data, ext_hook=_restore)
        if pack(value) != data:
            raise ValueError("bytes that nobody would have written")
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise WireError(f"malformed message: {error}") from None
    return value


def frame(payload: bytes) -> bytes:
    """`payload` with its length before it."""
    return len(payload).to_bytes(_HEADER_BYTES, "big") + payload


class FrameReader:
    """Cuts a byte stream into frames of at most `limit` bytes, whatever the pieces it arrives in."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what arrived; raises FrameTooLarge as soon as a header announces too much."""
        self._buffer += data
        self._announced()

    def next_frame(self) -> bytes | None:
        """The next whole frame's payload, or None until more arrives."""
        length = self._announced()
        if length is None or len(self._buffer) < _HEADER_BYTES + length:
            return None
        payload = bytes(self._buffer[_HEADER_BYTES : _HEADER_BYTES + length])
        del self._buffer[: _HEADER_BYTES + length]
        return payload

    @property
    def pending(self) -> bool:
        """Whether part of a frame has arrived."""
        return bool(self._buffer)

    def _announced(self) -> int | None:
        if len(self._buffer) < _HEADER_BYTES:
            return None
        length = int.from_bytes(self._buffer[:_HEADER_BYTES], "big")
        if length > self._limit:
            raise FrameTooLarge(f"a frame of {length} bytes, where {self._limit} are allowed")
        return length


def _extend(value: object) -> ormsgpack.Ext:
    if isinstance(value, Ref):
        return ormsgpack.Ext(_REFERENCE, _integer_bytes(value.oid))
    if isinstance(value, int):
        return ormsgpack.Ext(_BIG_INTEGER, _integer_bytes(value))
    raise TypeError(f"a value of type {type(value).__name__}")


def _restore(tag: int, data: bytes) -> Value:
    if len(data) > MAX_INTEGER_BITS // 8:
        raise ValueError("an integer that is too large")
    number = int.from_bytes(data, "big", signed=True)
    if tag == _REFERENCE:
        return Ref(number)
    if tag == _BIG_INTEGER:
        return number
    raise ValueError(f"an unknown extension {tag}")


def _integer_bytes(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)


def _check(value: object, depth: int) -> None:
    """Raise ValueError unless `value` is made of exactly the types that slots hold."""
    kind = type(value)
    if kind is int:
        _check_integer(value)  # type: ignore[arg-type]
    elif kind is float:
        if not math.isfinite(value):  # type: ignore[arg-type]
            raise ValueError("a number that is not finite")
    elif kind is Ref:
        _check_reference(value)  # type: ignore[arg-type]
    elif kind is list or kind is dict:
        _check_container(value, depth)  # type: ignore[arg-type]
    elif value is not None and kind is not str and kind is not bool:
        raise ValueError(f"a value of type {kind.__name__}")


def _check_container(value: list[object] | dict[object, object], depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, dict):
        if not all(type(key) is str for key in value):
            raise ValueError("a key that is no text")
        for item in value.values():
            _check(item, depth + 1)
    else:
        for item in value:
            _check(item, depth + 1)


def _check_integer(number: int) -> None:
    if number.bit_length() >= MAX_INTEGER_BITS:
        raise ValueError("an integer of more than 4200 digits")


def _check_reference(reference: Ref) -> None:
    oid: object = reference.oid
    if type(oid) is not int or oid == 0 or not -(1 << 63) <= oid < 1 << 64:
        raise ValueError("a reference to no object")
