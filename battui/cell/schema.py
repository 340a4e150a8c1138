"""Reading a message that anybody may have written: each value is of its expected type, or WireError."""

from __future__ import annotations

from battui.cell.wire import WireError
from battui.contracts.values import Ref, Value


def text(value: Value, *, at_most: int | None = None) -> str:
    """A string of at most so many characters."""
    if not isinstance(value, str) or (at_most is not None and len(value) > at_most):
        raise WireError("text of a sensible length was expected")
    return value


def number(value: Value) -> int:
    """An integer; True and False are none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise WireError("an integer was expected")
    return value


def listing(value: Value) -> list[Value]:
    """A list."""
    if not isinstance(value, list):
        raise WireError("a list was expected")
    return value


def table(value: Value) -> dict[str, Value]:
    """A dictionary with any keys."""
    if not isinstance(value, dict):
        raise WireError("a dictionary was expected")
    return value


def fields(
    value: Value, required: frozenset[str], optional: frozenset[str] = frozenset()
) -> dict[str, Value]:
    """A dictionary with exactly the required keys and perhaps the optional ones."""
    found = table(value)
    if not required <= found.keys() <= required | optional:
        raise WireError(f"exactly these fields were expected: {', '.join(sorted(required | optional))}")
    return found


def reference(value: Value) -> Ref:
    """A reference."""
    if not isinstance(value, Ref):
        raise WireError("a reference was expected")
    return value
