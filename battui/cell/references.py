"""The references inside a value."""

from __future__ import annotations

from collections.abc import Iterator

from battui.contracts.values import Ref, Value


def references(value: Value) -> Iterator[Ref]:
    """Every reference in `value`, however deep."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)
