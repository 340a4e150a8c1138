"""Whether a value may stand for a setting: its type, range and choices, read from the setting's own field."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, field
from types import MappingProxyType
from typing import Any

from battui.contracts.errors import UsageError

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def setting(
    default: object,
    meaning: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A key of a section, with what it means and what it may be."""
    metadata = {"meaning": meaning, "low": low, "high": high, "choices": choices}
    return field(default=default, metadata=metadata)


def default_of(setting: Field[Any]) -> object:
    """The value of a setting that nobody has set."""
    factory: Any = setting.default_factory
    return factory() if setting.default is MISSING else setting.default


def from_text(setting: Field[Any], key: str, text: str, where: str) -> object:
    """Read an environment variable's text as the type of its setting; raises UsageError."""
    default = default_of(setting)
    if isinstance(default, str):
        return text
    if isinstance(default, bool) and text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    try:
        # Numbers and the key map are spelled as in the file.
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        raise _wrong(setting, key, text, where) from None


def checked(setting: Field[Any], key: str, value: object, where: str) -> object:
    """Return `value` as the setting keeps it, or raise UsageError that says what would be right."""
    default = default_of(setting)
    if isinstance(default, float) and type(value) is int:
        value = float(value)
    if isinstance(default, Mapping):
        fits = isinstance(value, Mapping) and all(isinstance(keys, str) for keys in value.values())
        value = MappingProxyType(dict(value)) if isinstance(value, Mapping) else value
    else:
        fits = type(value) is type(default) and _allowed(value, setting.metadata)
    if not fits or (key == "image" and not value):
        raise _wrong(setting, key, value, where)
    return value


def bounds(setting: Field[Any]) -> str:
    """The range of a number in words, empty for what has none."""
    low, high = setting.metadata.get("low"), setting.metadata.get("high")
    return "" if low is None else f" ({low:g} to {high:_})"


def _allowed(value: object, metadata: Mapping[str, Any]) -> bool:
    if isinstance(value, int | float) and metadata["low"] is not None:
        return math.isfinite(value) and bool(metadata["low"] <= value <= metadata["high"])
    return not metadata["choices"] or value in metadata["choices"]


def _wrong(setting: Field[Any], key: str, value: object, where: str) -> UsageError:
    wanted = _WORDS.get(type(default_of(setting)), "a table of action = key")
    choices = setting.metadata.get("choices")
    expected = f"one of {', '.join(choices)}" if choices else f"{wanted}{bounds(setting)}"
    shown = dict(value) if isinstance(value, Mapping) else value
    return UsageError(f"{shown!r} cannot be used", about=where, remedy=f"Use {expected} for {key}.")
