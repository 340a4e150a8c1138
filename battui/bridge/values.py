"""Values on the wire: msgpack with extensions for references, named arguments and integers of any size.

Whatever the bytes are, the only error is Malformed. The limits are those of slots, so that what passes here can be
kept, printed and sent back.
"""

from __future__ import annotations

import math
from typing import Any

import ormsgpack

from battui.contracts.commands import Named, Path
from battui.contracts.values import MAX_DEPTH, Ref

MAX_INTEGER_BITS = 14_000
"""Python refuses to print integers beyond 4300 digits."""
MAX_NAMES = 64
"""Names of one path."""

_REFERENCE = 1
_BIG_INTEGER = 2
_NAMED = 3
_OID_BYTES = 8
_OPTIONS = (
    ormsgpack.OPT_PASSTHROUGH_BIG_INT
    | ormsgpack.OPT_PASSTHROUGH_DATACLASS
    | ormsgpack.OPT_PASSTHROUGH_DATETIME
    | ormsgpack.OPT_PASSTHROUGH_ENUM
    | ormsgpack.OPT_PASSTHROUGH_SUBCLASS
    | ormsgpack.OPT_PASSTHROUGH_TUPLE
    | ormsgpack.OPT_PASSTHROUGH_UUID
)


class Malformed(ValueError):
    """Bytes that are no frame, or a value that cannot be part of one."""


def pack(plain: object) -> bytes:
    """The bytes of lists, dictionaries and values; raises Malformed."""
    try:
        return ormsgpack.packb(plain, _extend, _OPTIONS)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Malformed(f"not for the wire: {error}") from None


def unpack(data: bytes) -> Any:
    """What `data` stands for; raises Malformed."""
    try:
        return ormsgpack.unpackb(data, ext_hook=_restore)
    except (TypeError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise Malformed(f"no msgpack: {error}") from None


def checked(value: object, *, named: bool = False, depth: int = 0) -> Any:
    """Return `value` if a slot could hold it, `named` arguments allowed or not; raises Malformed."""
    if value is None or isinstance(value, bool | str | Ref):
        return value
    if isinstance(value, int):
        return _of_bounded_size(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    if named and isinstance(value, Named):
        return value
    if isinstance(value, list | dict):
        return _checked_container(value, named, depth)
    raise Malformed(f"{type(value).__name__} is no value")


def _checked_container(value: list[Any] | dict[Any, Any], named: bool, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise Malformed(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, dict) and not all(isinstance(key, str) for key in value):
        raise Malformed("a key is no text")
    for item in value.values() if isinstance(value, dict) else value:
        checked(item, named=named, depth=depth + 1)
    return value


def _of_bounded_size(number: int) -> int:
    if number.bit_length() > MAX_INTEGER_BITS:
        raise Malformed("the integer is too large")
    return number


def _extend(value: object) -> object:
    if isinstance(value, Ref):
        return ormsgpack.Ext(_REFERENCE, value.oid.to_bytes(_OID_BYTES, "big"))
    if isinstance(value, int):
        _of_bounded_size(value)
        return ormsgpack.Ext(_BIG_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))
    if isinstance(value, Named):
        return ormsgpack.Ext(_NAMED, pack([value.path.oid, *value.path.names]))
    if isinstance(value, tuple | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} is no value")


def _restore(tag: int, data: bytes) -> object:
    if tag == _REFERENCE and len(data) == _OID_BYTES:
        return Ref(int.from_bytes(data, "big"))
    if tag == _BIG_INTEGER and len(data) <= MAX_INTEGER_BITS // 8 + 1:
        return int.from_bytes(data, "big", signed=True)
    if tag == _NAMED:
        return _named(data)
    raise ValueError(f"there is no extension {tag} of {len(data)} bytes")


def _named(data: bytes) -> Named:
    # Without a hook of its own: an extension inside an extension would be a way to nest without end.
    parts = ormsgpack.unpackb(data)
    if not isinstance(parts, list) or not 1 <= len(parts) <= MAX_NAMES:
        raise ValueError("a named argument is an oid or nothing, then names")
    oid, *names = parts
    if not (oid is None or (type(oid) is int and 0 <= oid < 1 << 64)):
        raise ValueError("an oid is a number")
    if not all(isinstance(name, str) for name in names) or (oid is None and not names):
        raise ValueError("names are texts")
    return Named(Path(tuple(names), oid))
