"""Hypothesis strategies for everything that a type hint of the contracts allows."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from battui.bridge.codec import AnyArgument, AnyValue
from battui.contracts.commands import Named, Path
from battui.contracts.values import Ref

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
INTEGER = st.integers(-(1 << 63), (1 << 63) - 1)
FLOAT = st.floats(allow_nan=False, allow_infinity=False)
OID = st.integers(0, (1 << 64) - 1)
PATHS = st.one_of(
    st.builds(Path, st.lists(TEXT, min_size=1, max_size=3).map(tuple)),
    st.builds(Path, st.lists(TEXT, max_size=3).map(tuple), OID),
)
ATOMS = st.none() | st.booleans() | st.integers(-(1 << 300), 1 << 300) | FLOAT | TEXT | OID.map(Ref)


def _nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=6,
    )


VALUES = _nested(ATOMS)
ARGUMENTS = _nested(ATOMS | PATHS.map(Named))
_KNOWN: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: INTEGER,
    float: FLOAT,
    str: TEXT,
    bytes: st.binary(max_size=20),
    type(None): st.none(),
    AnyValue: VALUES,
    AnyArgument: ARGUMENTS,
    Path: PATHS,
}


@cache
def strategy_of(kind: Any) -> st.SearchStrategy[Any]:
    """Everything that `kind` allows, small."""
    if kind in _KNOWN:
        return _KNOWN[kind]
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return st.one_of([_later(part) for part in parts])
    if origin is Literal:
        return st.sampled_from(parts)
    if origin is tuple and parts[-1] is Ellipsis:
        return st.lists(strategy_of(parts[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(strategy_of, parts))
    if origin is frozenset:
        return st.frozensets(strategy_of(parts[0]), max_size=3)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(TEXT, strategy_of(parts[1]), max_size=3)
    assert isinstance(kind, type)
    assert is_dataclass(kind)
    hints = get_type_hints(kind, localns={"Value": AnyValue, "Argument": AnyArgument})
    return st.builds(kind, **{field.name: strategy_of(hints[field.name]) for field in fields(kind)})


def _later(kind: Any) -> st.SearchStrategy[Any]:
    return st.deferred(lambda: strategy_of(kind))
