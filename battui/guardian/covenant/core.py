"""What every part of the interpreter shares: changes, signals, and where exceptions may leave a statement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import libcst as cst

from battui.guardian.covenant.state import DONE, Key, State, merged
from battui.guardian.covenant.values import PLAIN, Value, is_answer
from battui.guardian.words import words

MAX_STEPS = 60_000
CROWDED = 16


class TooComplex(Exception):
    """The analysis has taken as many steps as it may."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What counts as a change.

    `assignments`: to set or delete an attribute does, else the database is taken to see it by itself. `covers`: a
    signal also speaks for what is reached through the object. `answers`: so do the objects that messages and unknown
    functions answer, and have to signal. `tracked`: slots of `self` that look after their own changes.
    """

    assignments: bool = True
    covers: bool = False
    answers: bool = True
    tracked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """One place in the text where an object's state changes."""

    number: int
    key: Key
    statement: cst.CSTNode
    written: cst.BaseExpression | None

    @property
    def path(self) -> str:
        """The changed object as a person would write it."""
        return self.key[0].removeprefix("^")


@dataclass
class Core:
    """The state of one analysis. The parts of the interpreter build on this one by inheritance, one a file."""

    policy: Policy
    flags: frozenset[str] = frozenset()
    containers: frozenset[str] = frozenset()
    changes: list[Change] = field(default_factory=list)
    numbers: dict[tuple[int, Key], int] = field(default_factory=dict)
    collectors: list[list[State]] = field(default_factory=list)
    routines: dict[int, cst.FunctionDef | cst.Lambda] = field(default_factory=dict)
    defaults: dict[int, Value] = field(default_factory=dict)
    running: list[int] = field(default_factory=list)
    statement: cst.CSTNode = field(default_factory=cst.Pass)
    discarded: cst.CSTNode | None = None
    steps: int = 0

    def __post_init__(self) -> None:
        self.words = words()

    def spend(self) -> None:
        """Count one step; raises TooComplex after MAX_STEPS."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooComplex

    def bind(self, state: State, name: str, value: Value) -> None:
        """`name` now stands for `value`."""
        state.bindings[name] = value
        state.seen = False

    def raises(self, state: State) -> None:
        """An exception may leave the current statement here, with things as they stand in `state`."""
        if self.collectors and not state.seen:
            collector = self.collectors[-1]
            collector.append(state.copy())
            state.seen = True
            if len(collector) > CROWDED:
                collector[:] = merged(collector, self.flags)

    def mutate(self, state: State, value: Value, written: cst.BaseExpression | None = None) -> None:
        """The container `value` changes in place: so does each object whose state it is part of."""
        owned = [
            place for place in value.places if place.owner and not place.shell and self._counts(place.owner)
        ]
        if owned:
            path = _one_of(place.owner for place in owned)
            slot = "" if self.policy.assignments else _one_of(place.slot for place in owned)
            self._change(state, (path, slot), _owner_written(written))

    def set_attribute(self, state: State, value: Value, name: str, written: cst.BaseExpression) -> None:
        """The attribute `name` of the object `value` is set or deleted."""
        if name.startswith(("_v_", "_p_")):
            return
        paths = [place.path for place in value.places if not place.shell and self._counts(place.path)]
        if paths and self.policy.assignments:
            self._change(state, (_one_of(paths), ""), written)
        elif len(paths) == 1:
            state.status[paths[0], name] = DONE

    def signal(self, state: State, value: Value) -> None:
        """The object `value` signals."""
        paths = [place.path for place in value.places if not place.shell]
        if paths:
            state.signal(_one_of(paths), covers=self.policy.covers)

    def is_transient(self, name: str) -> bool:
        """Whether, in classes that people wrote, a parameter or attribute of that name is no part of the database."""
        return not self.policy.answers and name in self.words["classes"]["transient"]

    def _counts(self, path: str) -> bool:
        return self.policy.answers or not is_answer(path)

    def _change(self, state: State, key: Key, written: cst.BaseExpression | None) -> None:
        number = self.numbers.setdefault((id(self.statement), key), len(self.changes) + 1)
        if number > len(self.changes):
            self.changes.append(Change(number, key, self.statement, written))
        if self.policy.covers and key not in state.status:
            state.inherit(key)
        state.change(key, number)

    def evaluate(self, node: cst.CSTNode, state: State) -> Value:
        """What the expression `node` may be; its effects happen in `state`."""
        raise NotImplementedError

    def invoke(self, routine: int, arguments: list[Value], state: State) -> Value:
        """Call a local function or lambda."""
        raise NotImplementedError

    def evaluate_all(self, nodes: list[cst.BaseExpression], state: State) -> list[Value]:
        """Each in turn."""
        return [self.evaluate(node, state) for node in nodes]

    def invoke_maybe(self, value: Value, arguments: list[Value], state: State) -> Value:
        """A function that was handed over may be called, any number of times."""
        result = PLAIN
        for routine in sorted(value.routines):
            called = state.copy()
            result = result | self.invoke(routine, arguments, called)
            state.absorb(called)
        for place in value.places:
            if place.method:
                called = state.copy()
                self.mutate(called, Value(frozenset({place})))
                state.absorb(called)
        return result


def _one_of(names: Iterable[str]) -> str:
    return "|".join(sorted(set(names)))


def _owner_written(written: cst.BaseExpression | None) -> cst.BaseExpression | None:
    """The expression of the object in `account.history`, `account.rows[0]`, `account.rows.append`."""
    while isinstance(written, cst.Subscript):
        written = written.value
    return written.value if isinstance(written, cst.Attribute) else None
