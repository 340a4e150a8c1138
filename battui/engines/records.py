"""Dataclasses to plain values and back; what comes back is checked against the declared types."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

Record = TypeVar("Record")


class NotARecord(ValueError):
    """The plain value is not what the type says."""


def to_plain(value: object) -> Any:
    """Dictionaries, lists and scalars for a dataclass (or anything made of them)."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(to_plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return value


def from_plain(cls: type[Record], data: object) -> Record:
    """The dataclass `cls` from what `to_plain` made. Raises NotARecord where a field does not fit its type."""
    if not isinstance(data, dict):
        raise NotARecord(f"{cls.__name__} is a map, not {type(data).__name__}")
    hints: dict[str, Any] = _hints(cls)  # type: ignore[arg-type]
    if unknown := set(data) - set(hints):
        raise NotARecord(f"{cls.__name__} has no {', '.join(sorted(map(str, unknown)))}")
    try:
        return cls(**{name: _typed(hints[name], item) for name, item in data.items()})
    except TypeError as error:  # a field without a default is missing
        raise NotARecord(str(error)) from None


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _typed(hint: Any, value: Any) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return None if value is None and types.NoneType in inner else _typed(_some(inner), value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return from_plain(hint, value)
    if origin is Literal:
        return _one_of(inner, value)
    if origin in (tuple, frozenset):
        return origin(_typed(inner[0], item) for item in _exactly(list, value))
    if origin is not None and issubclass(origin, Mapping):
        return {_typed(inner[0], key): _typed(inner[1], item) for key, item in _exactly(dict, value).items()}
    if hint is object:
        return value
    if hint is float and type(value) is int:
        return float(value)
    return _exactly(hint, value)


def _some(inner: tuple[Any, ...]) -> Any:
    """The one type of an optional field that is not None."""
    return next(hint for hint in inner if hint is not types.NoneType)


def _one_of(allowed: tuple[Any, ...], value: Any) -> Any:
    if value not in allowed:
        raise NotARecord(f"{value!r} is none of {allowed}")
    return value


def _exactly(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise NotARecord(f"expected {kind.__name__}, not {type(value).__name__}")
    return value
