"""One codec for all frozen dataclasses of the contracts: their type hints are the schema.

A dataclass travels as a map of its fields, those that have their default left out. Where several could stand, `is`
names the class; where a plain value could stand as well, that travels as {"value": ...}. Reading checks every field
against its hint and refuses what it does not know.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from battui.bridge.values import Malformed, checked

T = TypeVar("T")
TAG = "is"
PLAIN = "value"
_INTEGER_BITS = 64


class AnyValue:
    """Stands for `Value` in a schema: the alias describes itself, which a hint cannot."""


class AnyArgument:
    """Stands for `Argument` in a schema."""


@dataclass(frozen=True, slots=True)
class Form:
    """How one type is written and read. Reading raises Malformed."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def write(value: object, kind: Any) -> Any:
    """`value`, which is a `kind`, as plain lists and maps."""
    return form_of(kind).write(value)


def read(plain: object, kind: Any) -> Any:
    """The `kind` that `plain` stands for; raises Malformed."""
    return form_of(kind).read(plain)


@cache
def form_of(kind: Any) -> Form:
    """The form of a type hint; raises TypeError for one that has none."""
    if kind in _ATOMS:
        return _ATOMS[kind]
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _choice(parts)
    if origin is Literal:
        return Form(_same, _one_of(frozenset(parts)))
    if origin is tuple:
        return _tuple(parts)
    if origin is frozenset:
        item = form_of(parts[0])
        return Form(
            lambda value: sorted(map(item.write, value)),
            lambda plain: frozenset(map(item.read, _list(plain))),
        )
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(form_of(parts[1]))
    if isinstance(kind, type) and is_dataclass(kind):
        return _record(kind)
    raise TypeError(f"{kind} has no form on the wire")


def _same(value: Any) -> Any:
    return value


def _exactly(*kinds: type) -> Callable[[Any], Any]:
    def read_atom(plain: Any) -> Any:
        if type(plain) not in kinds:
            raise Malformed(f"{type(plain).__name__} where {kinds[0].__name__} is wanted")
        return plain

    return read_atom


def _integer(plain: Any) -> int:
    if type(plain) is not int or plain.bit_length() > _INTEGER_BITS:
        raise Malformed("no number of 64 bits")
    return plain


def _number(plain: Any) -> float:
    if type(plain) not in (int, float) or not math.isfinite(plain):
        raise Malformed("no finite number")
    try:
        return float(plain)
    except OverflowError:
        raise Malformed("the number is too large") from None


def _list(plain: Any) -> list[Any]:
    if type(plain) is not list:
        raise Malformed(f"{type(plain).__name__} where a list is wanted")
    return plain


def _map(plain: Any) -> dict[str, Any]:
    if type(plain) is not dict or not all(type(key) is str for key in plain):
        raise Malformed("no map of texts")
    return plain


def _one_of(allowed: frozenset[Any]) -> Callable[[Any], Any]:
    def read_literal(plain: Any) -> Any:
        if type(plain) is not str or plain not in allowed:
            raise Malformed(f"none of {', '.join(sorted(allowed))}")
        return plain

    return read_literal


def _tuple(parts: tuple[Any, ...]) -> Form:
    if len(parts) == 2 and parts[1] is Ellipsis:
        item = form_of(parts[0])
        return Form(
            lambda value: [item.write(each) for each in value],
            lambda plain: tuple(item.read(each) for each in _list(plain)),
        )
    forms = tuple(map(form_of, parts))

    def read_tuple(plain: Any) -> tuple[Any, ...]:
        if len(_list(plain)) != len(forms):
            raise Malformed(f"a list of {len(forms)} is wanted")
        return tuple(form.read(each) for form, each in zip(forms, plain, strict=True))

    return Form(lambda value: [form.write(each) for form, each in zip(forms, value, strict=True)], read_tuple)


def _mapping(item: Form) -> Form:
    return Form(
        lambda value: {key: item.write(each) for key, each in value.items()},
        lambda plain: {key: item.read(each) for key, each in _map(plain).items()},
    )


def _choice(parts: tuple[Any, ...]) -> Form:
    """A union: of tagged dataclasses, perhaps beside a plain type or None."""
    records: dict[str, Any] = {_name(part): part for part in parts if is_dataclass(part)}
    plain_parts = [part for part in parts if part is not type(None) and not is_dataclass(part)]
    if not records and len(plain_parts) == 1:
        return _optional(form_of(plain_parts[0]))
    if len(records) == 1 and not plain_parts:
        return _optional(form_of(next(iter(records.values()))))
    if len(plain_parts) > 1:
        raise TypeError(f"a union of {plain_parts} has no form on the wire")
    beside = form_of(plain_parts[0]) if plain_parts else None

    def write_choice(value: Any) -> Any:
        name = type(value).__name__
        if is_dataclass(value) and name in records:
            return {TAG: name, **form_of(records[name]).write(value)}
        return {PLAIN: beside.write(value)} if beside is not None else None

    def read_choice(plain: Any) -> Any:
        if type(plain) is not dict:
            raise Malformed("no map")
        if beside is not None and plain.keys() == {PLAIN}:
            return beside.read(plain[PLAIN])
        name = plain.get(TAG)
        if type(name) is not str or name not in records:
            raise Malformed(f"there is no {name!r:.40}")
        return form_of(records[name]).read({key: each for key, each in plain.items() if key != TAG})

    return Form(write_choice, read_choice)


def _name(kind: Any) -> str:
    return str(kind.__name__)


def _optional(form: Form) -> Form:
    return Form(
        lambda value: None if value is None else form.write(value),
        lambda plain: None if plain is None else form.read(plain),
    )


def _record(kind: type) -> Form:
    """A dataclass. Its fields' forms are looked up late: a command may hold a command."""
    hints = get_type_hints(kind, localns={"Value": AnyValue, "Argument": AnyArgument})
    known = {field.name: field for field in fields(kind)}
    required = [
        name for name, field in known.items() if field.default is MISSING and field.default_factory is MISSING
    ]
    defaults = {
        name: field.default_factory() if field.default_factory is not MISSING else field.default
        for name, field in known.items()
        if name not in required
    }

    def write_record(value: Any) -> dict[str, Any]:
        written = {}
        for name in known:
            each = getattr(value, name)
            if name not in defaults or each != defaults[name]:
                written[name] = form_of(hints[name]).write(each)
        return written

    def read_record(plain: Any) -> Any:
        given = {}
        for name, each in _map(plain).items():
            if name not in known:
                raise Malformed(f"{kind.__name__} has no {name!r:.40}")
            try:
                given[name] = form_of(hints[name]).read(each)
            except Malformed as error:
                raise Malformed(f"{kind.__name__}.{name}: {error}"[:300]) from None
        for name in required:
            if name not in given:
                raise Malformed(f"{kind.__name__} lacks {name}")
        return kind(**given)

    return Form(write_record, read_record)


_ATOMS: dict[Any, Form] = {
    bool: Form(_same, _exactly(bool)),
    int: Form(_same, _integer),
    float: Form(_same, _number),
    str: Form(_same, _exactly(str)),
    bytes: Form(_same, _exactly(bytes)),
    type(None): Form(_same, _exactly(type(None))),
    AnyValue: Form(_same, checked),
    AnyArgument: Form(_same, lambda plain: checked(plain, named=True)),
}
