"""What leaves learned code: living objects become references, and everything else has to be storable."""

from __future__ import annotations

from battui.cell.living import Living, oid_of
from battui.cell.wire import MAX_INTEGER_BITS
from battui.contracts.errors import NotStorable
from battui.contracts.values import Ref, Value, storable


def release(value: object, *, about: str = "", depth: int = 0) -> Value:
    """A fresh storable value for `value`; raises NotStorable as `contracts.values.storable` does.

    Text and integers that the wire has no form for are refused here, where the method's line is still known.
    """
    if type(value) is Living:
        return Ref(oid_of(value))
    if isinstance(value, list | tuple):
        _check_depth(depth, about)
        return [release(item, about=about, depth=depth + 1) for item in value]
    if isinstance(value, dict):
        _check_depth(depth, about)
        return {_key(key, about): release(item, about=about, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, str):
        return _text(value, about)
    if isinstance(value, int) and value.bit_length() >= MAX_INTEGER_BITS:
        raise NotStorable(
            "the number has more than 4200 digits", about=about, remedy="Keep a float or its text."
        )
    return storable(value, about=about, depth=depth)


def _check_depth(depth: int, about: str) -> None:
    storable(None, about=about, depth=depth)


def _key(key: object, about: str) -> str:
    if not isinstance(key, str):
        storable({key: None}, about=about)
        raise AssertionError("a key that is no text passed")
    return _text(key, about)


def _text(value: str, about: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise NotStorable(
            "the text contains half a character (a lone surrogate)", about=about, remedy="Remove it."
        ) from None
    # A subclass of str may carry anything else along.
    return str.__str__(value)
