"""The references inside a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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


def renamed(value: Value, names: Mapping[int, Ref]) -> Value:
    """`value` with the references in `names` exchanged."""
    if isinstance(value, Ref):
        return names.get(value.oid, value)
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    if isinstance(value, dict):
        return {key: renamed(item, names) for key, item in value.items()}
    return value
