"""The kernel's check of what a cell answers. The cell is taken to be hostile: WireError for anything irregular."""

from __future__ import annotations

from collections.abc import Container
from typing import cast, get_args

from battui.cell import schema
from battui.cell.disclosure import Disclosure
from battui.cell.references import references
from battui.cell.wire import WireError
from battui.contracts.activation import (
    Activation,
    CellAnswer,
    CellFailure,
    ChangeSet,
    FailureKind,
    NewObject,
    ObjectChange,
    ObjectState,
)
from battui.contracts.errors import BattuiError
from battui.contracts.values import Ref, Value, check_name, is_parent_slot, storable

TEXT_CHARACTERS = 20_000

_ANSWER = frozenset({"kind", "printed"})
_FAILURE = frozenset({"kind", "message", "error_type", "traceback", "oid", "selector"})
_RESULT = frozenset({"result", "changes", "created"})
_EXPECTATION = frozenset({"expectation_met", "expectation_error"})
# Whether an answer is hostile is not for the cell to say.
_CLAIMABLE = frozenset(get_args(FailureKind)) - {"hostile"}


def check_answer(message: Value, activation: Activation, disclosure: Disclosure) -> CellAnswer:
    """The answer that `message` stands for, as far as it keeps to what the cell was shown; raises WireError."""
    try:
        return _Check(activation, disclosure).answer(message)
    except BattuiError as error:
        # A name or value that an honest cell would have refused itself.
        raise WireError(f"the answer breaks a rule: {error}") from None


class _Check:
    def __init__(self, activation: Activation, disclosure: Disclosure) -> None:
        self._activation = activation
        self._disclosure = disclosure
        self._created: frozenset[int] = frozenset()

    def answer(self, message: Value) -> CellAnswer:
        loaded = self._disclosure.loaded
        if "failure" in schema.table(message):
            fields = schema.fields(message, _ANSWER | {"failure"})
            return CellAnswer(
                printed=schema.text(fields["printed"]),
                failure=self._failure(fields["failure"]),
                loaded=loaded,
            )
        fields = schema.fields(message, _ANSWER | _RESULT, _EXPECTATION)
        changes = self._change_set(fields)
        met, error = self._expectation(fields)
        return CellAnswer(
            result=self._value(fields["result"]),
            changes=changes,
            printed=schema.text(fields["printed"]),
            expectation_met=met,
            expectation_error=error,
            loaded=loaded,
        )

    def _failure(self, value: Value) -> CellFailure:
        fields = schema.fields(value, _FAILURE)
        kind = schema.text(fields["kind"])
        if kind not in _CLAIMABLE:
            raise WireError("a failure of no known kind")
        oid = fields["oid"]
        if oid is not None and schema.number(oid) > 0:
            self._disclosure.require_shown(schema.number(oid))
        return CellFailure(
            kind=cast("FailureKind", kind),
            message=schema.text(fields["message"], at_most=TEXT_CHARACTERS),
            error_type=schema.text(fields["error_type"], at_most=TEXT_CHARACTERS),
            traceback=schema.text(fields["traceback"], at_most=TEXT_CHARACTERS),
            oid=None if oid is None else schema.number(oid),
            selector=schema.text(fields["selector"], at_most=TEXT_CHARACTERS),
        )

    def _expectation(self, fields: dict[str, Value]) -> tuple[bool | None, str]:
        met = fields.get("expectation_met")
        error = schema.text(fields.get("expectation_error", ""), at_most=TEXT_CHARACTERS)
        asked = self._activation.expectation is not None
        if (
            not (met is None or isinstance(met, bool))
            or asked != ((met is None) == bool(error))
            or (met and error)
        ):
            raise WireError("a verdict on no expectation, or none")
        return met, error

    def _change_set(self, fields: dict[str, Value]) -> ChangeSet:
        created = schema.listing(fields["created"])
        self._created = frozenset(range(-len(created), 0))
        changes = tuple(self._change(change) for change in schema.listing(fields["changes"]))
        if len({change.oid for change in changes}) != len(changes):
            raise WireError("two changes of one object")
        return ChangeSet(
            changes, tuple(self._new_object(-1 - place, new) for place, new in enumerate(created))
        )

    def _change(self, value: Value) -> ObjectChange:
        fields = schema.fields(value, frozenset({"oid", "put", "removed"}))
        state = self._disclosure.state(schema.number(fields["oid"]))
        put = self._slots(fields["put"], self._behaviour(state))
        removed = tuple(schema.text(name) for name in schema.listing(fields["removed"]))
        if not set(removed) <= state.slots.keys() - put.keys() or len(set(removed)) != len(removed):
            raise WireError("a slot removed that is not there, or twice, or put as well")
        return ObjectChange(state.oid, state.serial, put, removed)

    def _new_object(self, oid: int, value: Value) -> NewObject:
        fields = schema.fields(value, frozenset({"oid", "slots", "parents", "cloned_from"}))
        if schema.number(fields["oid"]) != oid:
            raise WireError("new objects are not numbered one after the other")
        origin = fields["cloned_from"]
        if origin is None:
            return NewObject(oid, self._slots(fields["slots"], ()), self._only_parent(fields["parents"]))
        source = self._disclosure.state(schema.number(origin))
        if self._parents(fields["parents"]) != dict(source.parents):
            raise WireError("a clone with other parents than its origin's")
        slots = self._slots(fields["slots"], self._behaviour(source))
        return NewObject(oid, slots, source.parents, source.oid)

    def _slots(self, value: Value, behaviour: Container[str]) -> dict[str, Value]:
        slots = schema.table(value)
        for name in slots:
            check_name(name)
            if is_parent_slot(name) or name in behaviour:
                raise WireError("data in the place of a method or a parent")
        return {name: self._value(slot) for name, slot in slots.items()}

    def _value(self, value: Value) -> Value:
        for ref in references(value):
            self._require_known(ref)
        return storable(value)

    def _require_known(self, ref: Ref) -> None:
        if ref.oid not in self._created:
            self._disclosure.require_shown(ref.oid)

    def _behaviour(self, state: ObjectState) -> frozenset[str]:
        tried = self._activation.trial is not None and state.oid == self._activation.receiver
        trial = {self._activation.selector} if tried else set()
        return state.primitives | state.methods.keys() | trial

    def _only_parent(self, value: Value) -> dict[str, tuple[Ref, ...]]:
        parents = self._parents(value)
        if parents.keys() != {"parent*"} or len(parents["parent*"]) != 1:
            raise WireError("a new object has exactly one parent")
        self._require_known(parents["parent*"][0])
        return parents

    def _parents(self, value: Value) -> dict[str, tuple[Ref, ...]]:
        return {
            name: tuple(schema.reference(ref) for ref in schema.listing(refs))
            for name, refs in schema.table(value).items()
        }
