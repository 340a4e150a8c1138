"""Assignment, deletion, augmented assignment, and the covenant's signal itself."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from battui.guardian.covenant.calls import Calls, dotted
from battui.guardian.covenant.state import State
from battui.guardian.covenant.values import ANY, FALSE, PLAIN, TRUE, Value, member, shelled

SIGNAL = "_p_changed"
_CONTAINERS = (
    cst.List,
    cst.Tuple,
    cst.Set,
    cst.Dict,
    cst.ListComp,
    cst.SetComp,
    cst.DictComp,
    cst.GeneratorExp,
)
_FRESH = frozenset(
    {"list", "tuple", "set", "dict", "sorted", "reversed", "zip", "enumerate", "map", "filter", "range"}
)


class Targets(Calls):
    """What the left side of an assignment does."""

    def assign(self, target: cst.CSTNode, value: Value, state: State) -> None:
        """`target` becomes `value`."""
        if isinstance(target, cst.Name):
            self.bind(state, target.value, value)
        elif isinstance(target, cst.Attribute):
            self._assign_attribute(target, value, state)
        elif isinstance(target, cst.Subscript):
            container = self.evaluate(target.value, state)
            self.evaluate_keys(target, state)
            self.raises(state)
            self.mutate(state, container, target.value)
            self.mutate_answer(state, container, target.value)
            is_slice = any(isinstance(element.slice, cst.Slice) for element in target.slice)
            self.keep(state, target.value, member(value) if is_slice else value)
            self._fill(target.value, state)
        elif isinstance(target, cst.Tuple | cst.List):
            for element in target.elements:
                part = member(value)
                self.assign(
                    element.value, shelled(part) if isinstance(element, cst.StarredElement) else part, state
                )

    def assign_from(
        self, target: cst.CSTNode, source: cst.BaseExpression, value: Value, state: State
    ) -> None:
        """`target` becomes `value`, written as `source`: `a, b = c, d` goes pair by pair."""
        if isinstance(target, cst.Tuple | cst.List) and isinstance(source, cst.Tuple | cst.List):
            pairs = list(zip(target.elements, source.elements, strict=False))
            is_even = len(target.elements) == len(source.elements)
            if is_even and not any(isinstance(one, cst.StarredElement) for pair in pairs for one in pair):
                values = [self.peek(part.value, state) for _, part in pairs]
                for (place, _), part in zip(pairs, values, strict=True):
                    self.assign(place.value, part, state)
                return
        self.assign(target, value, state)

    def peek(self, node: cst.BaseExpression, state: State) -> Value:
        """What an expression is, its effects having happened already."""
        return self.evaluate(node, state.copy())

    def _assign_attribute(self, target: cst.Attribute, value: Value, state: State) -> None:
        receiver = self.evaluate(target.value, state)
        if target.attr.value == SIGNAL:
            if value.truth & TRUE:
                self.signal(state, receiver)
            else:
                state.forget_signals()
            return
        self.raises(state)
        self.set_attribute(state, receiver, target.attr.value, target.value)

    def _fill(self, container: cst.CSTNode, state: State) -> None:
        if isinstance(container, cst.Name) and container.value in state.bindings:
            known = state.bindings[container.value]
            self.bind(state, container.value, Value(known.places, TRUE, known.routines))

    def delete(self, target: cst.CSTNode, state: State) -> None:
        """`del target`."""
        if isinstance(target, cst.Name):
            state.bindings.pop(target.value, None)
        elif isinstance(target, cst.Attribute):
            receiver = self.evaluate(target.value, state)
            self.raises(state)
            self.set_attribute(state, receiver, target.attr.value, target.value)
        elif isinstance(target, cst.Subscript):
            container = self.evaluate(target.value, state)
            self.evaluate_keys(target, state)
            self.raises(state)
            self.mutate(state, container, target.value)
            self.mutate_answer(state, container, target.value)
        elif isinstance(target, cst.Tuple | cst.List):
            for element in target.elements:
                self.delete(element.value, state)

    def augment(self, node: cst.AugAssign, state: State) -> None:
        """`target += value`: in place where the target is a container."""
        value = self.evaluate(node.value, state)
        self.raises(state)
        is_of_containers = self.is_container(node.value, value)
        if not isinstance(node.target, cst.Name):
            self.assign(node.target, PLAIN, state)
            if is_of_containers:
                self.keep(state, node.target, member(value))
            return
        known = state.bindings.get(node.target.value, PLAIN)
        if is_of_containers or self.is_container(node.target, known):
            self.mutate(state, known, node.target)
            self.keep(state, node.target, member(value))
            known = state.bindings.get(node.target.value, PLAIN)
        self.bind(state, node.target.value, Value(known.places, _grown(node, known), known.routines))

    def is_container(self, node: cst.BaseExpression, value: Value) -> bool:
        """Whether an operand is a list, set or dictionary, as far as can be seen: numbers are written alike."""
        if isinstance(node, _CONTAINERS) or any(place.shell for place in value.places):
            return True
        if isinstance(node, cst.Call) and dotted(node.func) in _FRESH:
            return True
        return bool({dotted(node), *(place.path for place in value.places)} & self.containers)

    def evaluate_keys(self, node: cst.Subscript, state: State) -> None:
        """Evaluate what stands between the brackets."""
        for element in node.slice:
            self.evaluate(element.slice, state)


def _grown(node: cst.AugAssign, known: Value) -> int:
    """The truth of a counter or list after `+=`; counters that start below zero are left to the cell."""
    is_more = isinstance(node.operator, cst.AddAssign) and is_positive(node.value)
    if is_more and known.truth in (FALSE, TRUE):
        return TRUE
    if isinstance(node.operator, cst.BitOrAssign) and is_positive(node.value):
        return TRUE
    return known.truth | ANY


def is_positive(node: cst.CSTNode) -> bool:
    """A literal that is true and, as a number, above zero."""
    if isinstance(node, cst.Integer):
        return node.evaluated_value > 0
    if isinstance(node, cst.Name):
        return node.value == "True"
    if isinstance(node, cst.List | cst.Tuple | cst.Set):
        return bool(_plain_elements(node.elements))
    return isinstance(node, cst.SimpleString) and bool(node.evaluated_value)


def _plain_elements(elements: Sequence[cst.BaseElement]) -> list[cst.BaseElement]:
    return [one for one in elements if not isinstance(one, cst.StarredElement)]
