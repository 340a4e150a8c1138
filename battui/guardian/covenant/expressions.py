"""What an expression may be, and what evaluating it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

from battui.guardian.covenant.calls import dotted
from battui.guardian.covenant.conditions import Conditions
from battui.guardian.covenant.state import State
from battui.guardian.covenant.targets import is_positive
from battui.guardian.covenant.values import (
    ANY,
    FALSE,
    NONE,
    PLAIN,
    TRUE,
    Place,
    Value,
    attribute,
    copied,
    joined,
    member,
    shelled,
)
from battui.guardian.tree import children

_CONSTANTS = {"True": Value(truth=TRUE), "False": Value(truth=FALSE), "None": Value(truth=NONE)}
_JOINING = (cst.Add, cst.Multiply, cst.BitOr, cst.BitAnd, cst.Subtract)
_Comprehension = cst.ListComp | cst.SetComp | cst.DictComp | cst.GeneratorExp


class Expressions(Conditions):
    """Evaluation of every kind of expression; one that is not listed is the sum of its parts."""

    def evaluate(self, node: cst.CSTNode, state: State) -> Value:
        """What the expression `node` may be; its effects happen in `state`."""
        self.spend()
        handler = _HANDLERS.get(type(node))
        if handler is not None:
            return handler(self, node, state)
        for child in children(node):
            self.evaluate(child, state)
        self.raises(state)
        return PLAIN

    def _name(self, node: cst.Name, state: State) -> Value:
        if node.value in state.bindings:
            return state.bindings[node.value]
        return _CONSTANTS.get(node.value, PLAIN)

    def _number(self, node: cst.Integer | cst.Float, _state: State) -> Value:
        return Value(truth=TRUE if node.evaluated_value else FALSE)

    def _string(self, node: cst.SimpleString, _state: State) -> Value:
        return Value(truth=TRUE if node.evaluated_value else FALSE)

    def _attribute(self, node: cst.Attribute, state: State) -> Value:
        name = dotted(node)
        if name and name.split(".", 1)[0] not in state.bindings:
            return PLAIN
        value = self.evaluate(node.value, state)
        self.raises(state)
        if node.attr.value in self.words["methods"]["change"]:
            bound = [place for place in value.places if place.owner and not place.shell]
            if bound:
                return Value(
                    frozenset(Place(one.path, one.owner, one.slot, 0, node.attr.value) for one in bound), TRUE
                )
        if self.is_transient(node.attr.value):
            return PLAIN
        return self.untracked(attribute(value, node.attr.value))

    def untracked(self, value: Value) -> Value:
        """Without an owner where a slot of `self` looks after its own changes."""
        tracked = self.policy.tracked
        if not tracked or not any(place.path in tracked for place in value.places):
            return value
        places = (Place(one.path) if one.path in tracked else one for one in value.places)
        return Value(frozenset(places), value.truth, value.routines)

    def _subscript(self, node: cst.Subscript, state: State) -> Value:
        value = self.evaluate(node.value, state)
        self.evaluate_keys(node, state)
        self.raises(state)
        if any(isinstance(element.slice, cst.Slice) for element in node.slice):
            return copied(value)
        return member(value, _key(node))

    def _elements(self, node: cst.List | cst.Tuple | cst.Set, state: State) -> Value:
        return self._display(node.elements, state)

    def _dict(self, node: cst.Dict, state: State) -> Value:
        for element in node.elements:
            if isinstance(element, cst.DictElement):
                self.evaluate(element.key, state)
        return self._display(node.elements, state)

    def _display(self, elements: Sequence[cst.BaseElement | cst.BaseDictElement], state: State) -> Value:
        values = []
        is_starred = False
        for element in elements:
            value = self.evaluate(element.value, state)
            if isinstance(element, cst.StarredElement | cst.StarredDictElement):
                value, is_starred = member(value), True
            values.append(value)
        truth = ANY if is_starred else (TRUE if values else FALSE)
        return shelled(joined(values), truth=truth)

    def _binary(self, node: cst.BinaryOperation, state: State) -> Value:
        left, right = self.evaluate(node.left, state), self.evaluate(node.right, state)
        self.raises(state)
        is_of_containers = self.is_container(node.left, left) or self.is_container(node.right, right)
        if is_of_containers and isinstance(node.operator, _JOINING):
            return Value((copied(left) | copied(right)).places, _sum(node, left, right))
        return Value(truth=_sum(node, left, right))

    def _unary(self, node: cst.UnaryOperation, state: State) -> Value:
        value = self.evaluate(node.expression, state)
        if not isinstance(node.operator, cst.Not):
            return Value(truth=value.truth)
        truth = (FALSE if value.truth & TRUE else 0) | (TRUE if value.truth & (NONE | FALSE) else 0)
        return Value(truth=truth)

    def _comparison(self, node: cst.Comparison, state: State) -> Value:
        self.evaluate(node.left, state)
        for target in node.comparisons:
            self.evaluate(target.comparator, state)
        self.raises(state)
        return Value(truth=FALSE | TRUE)

    def _boolean(self, node: cst.BooleanOperation, state: State) -> Value:
        goes_on, stops = self.branch(node.left, state.copy())
        left = self.evaluate(node.left, state.copy())
        if isinstance(node.operator, cst.Or):
            goes_on, stops = stops, goes_on
            left = Value(left.places, TRUE, left.routines) if left.truth & TRUE else PLAIN
        right = PLAIN
        if goes_on is not None:
            right = self.evaluate(node.right, goes_on)
        self._rejoin(state, goes_on, stops)
        if goes_on is None:
            return left
        return right if stops is None else left | right

    def _conditional(self, node: cst.IfExp, state: State) -> Value:
        yes, no = self.branch(node.test, state.copy())
        values = [
            self.evaluate(part, one) for part, one in ((node.body, yes), (node.orelse, no)) if one is not None
        ]
        self._rejoin(state, yes, no)
        return joined(values)

    def _rejoin(self, state: State, one: State | None, other: State | None) -> None:
        states = [each for each in (one, other) if each is not None]
        if states:
            state.become(states[0])
            for each in states[1:]:
                state.absorb(each)

    def _walrus(self, node: cst.NamedExpr, state: State) -> Value:
        value = self.evaluate(node.value, state)
        self.assign(node.target, value, state)
        return value

    def _lambda(self, node: cst.Lambda, state: State) -> Value:
        self.routines[id(node)] = node
        self.define(node.params, state)
        return Value(truth=TRUE, routines=frozenset({id(node)}))

    def define(self, params: cst.Parameters, state: State) -> None:
        """A function is made: its defaults and annotations are evaluated here and now, not when it is called."""
        plain = (*params.posonly_params, *params.params, *params.kwonly_params)
        for param in (*plain, params.star_arg, params.star_kwarg):
            if not isinstance(param, cst.Param):
                continue
            if param.default is not None:
                value = self.evaluate(param.default, state)
                self.defaults[id(param)] = value | self.defaults.get(id(param), value)
            if param.annotation is not None:
                self.evaluate(param.annotation.annotation, state)

    def _comprehension(self, node: _Comprehension, state: State) -> Value:
        names = set[str]()
        inside = state.copy()
        self._turn(node.for_in, inside, names)
        if isinstance(node, cst.DictComp):
            self.evaluate(node.key, inside)
            value = self.evaluate(node.value, inside)
        else:
            value = self.evaluate(node.elt, inside)
        inside.next_turn(frozenset(names))
        for name in names:
            inside.bindings.pop(name, None)
            if name in state.bindings:
                inside.bindings[name] = state.bindings[name]
        state.absorb(inside)
        return shelled(value, truth=ANY)

    def _turn(self, clause: cst.CompFor, state: State, names: set[str]) -> None:
        iterated = self.evaluate(clause.iter, state)
        before = set(state.bindings)
        names |= target_names(clause.target)
        self.assign(clause.target, member(iterated), state)
        names |= set(state.bindings) - before
        for test in clause.ifs:
            yes, _ = self.branch(test.test, state.copy())
            if yes is not None:
                state.become(yes)
        if clause.inner_for_in is not None:
            self._turn(clause.inner_for_in, state, names)


def target_names(target: cst.CSTNode) -> set[str]:
    """The names that an assignment target binds."""
    if isinstance(target, cst.Name):
        return {target.value}
    if isinstance(target, cst.Tuple | cst.List):
        return set().union(*(target_names(element.value) for element in target.elements))
    return set()


def _key(node: cst.Subscript) -> str:
    index = node.slice[0].slice if len(node.slice) == 1 else None
    plain = index.value if isinstance(index, cst.Index) else None
    return plain.value if isinstance(plain, cst.Name | cst.Integer | cst.SimpleString) else ""


def _sum(node: cst.BinaryOperation, left: Value, right: Value) -> int:
    is_more = isinstance(node.operator, cst.Add) and (is_positive(node.left) or is_positive(node.right))
    return TRUE if is_more and {left.truth, right.truth} <= {FALSE, TRUE} else ANY


_HANDLERS: dict[type[cst.CSTNode], Callable[[Any, Any, State], Value]] = {
    cst.Name: Expressions._name,
    cst.Integer: Expressions._number,
    cst.Float: Expressions._number,
    cst.SimpleString: Expressions._string,
    cst.Attribute: Expressions._attribute,
    cst.Subscript: Expressions._subscript,
    cst.List: Expressions._elements,
    cst.Tuple: Expressions._elements,
    cst.Set: Expressions._elements,
    cst.Dict: Expressions._dict,
    cst.BinaryOperation: Expressions._binary,
    cst.UnaryOperation: Expressions._unary,
    cst.Comparison: Expressions._comparison,
    cst.BooleanOperation: Expressions._boolean,
    cst.IfExp: Expressions._conditional,
    cst.NamedExpr: Expressions._walrus,
    cst.Lambda: Expressions._lambda,
    cst.ListComp: Expressions._comprehension,
    cst.SetComp: Expressions._comprehension,
    cst.DictComp: Expressions._comprehension,
    cst.GeneratorExp: Expressions._comprehension,
    cst.Call: Expressions.call,
}
