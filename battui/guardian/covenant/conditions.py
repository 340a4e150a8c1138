"""Which way a test goes, and what is known on either side of it."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from battui.guardian.covenant.calls import dotted
from battui.guardian.covenant.state import State
from battui.guardian.covenant.targets import Targets
from battui.guardian.covenant.values import ANY, FALSE, NONE, TRUE

Ways = tuple[State | None, State | None]


class Conditions(Targets):
    """Tests of `if`, `while`, `assert`, conditional expressions, comprehensions and `and`/`or`."""

    def branch(self, test: cst.BaseExpression, state: State) -> Ways:
        """The state where `test` holds and the state where it does not; None where that cannot be."""
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            yes, no = self.branch(test.expression, state)
            return no, yes
        if isinstance(test, cst.BooleanOperation):
            return self._both_sides(test, state)
        if isinstance(test, cst.Comparison):
            return self._compare(test, state)
        value = self.evaluate(test, state)
        name = _subject(test)
        yes = _narrowed(state, name, value.truth, TRUE)
        no = _narrowed(state, name, value.truth, NONE | FALSE)
        return yes, no

    def _both_sides(self, test: cst.BooleanOperation, state: State) -> Ways:
        is_or = isinstance(test.operator, cst.Or)
        yes, no = self.branch(test.left, state)
        stops, goes_on = (yes, no) if is_or else (no, yes)
        if goes_on is None:
            return yes, no
        second_yes, second_no = self.branch(test.right, goes_on)
        if is_or:
            return _either(stops, second_yes), second_no
        return second_yes, _either(stops, second_no)

    def _compare(self, test: cst.Comparison, state: State) -> Ways:
        value = self.evaluate(test, state)
        known = _comparison_with_constant(test)
        if known is None:
            return _narrowed(state, "", value.truth, TRUE), _narrowed(state, "", value.truth, FALSE)
        name, holds = known
        bits = state.bindings[name].truth if name in state.bindings else ANY
        if holds in (NONE, ANY & ~NONE) or bits in (NONE, FALSE, TRUE):
            return _narrowed(state, name, bits, holds), _narrowed(state, name, bits, ANY & ~holds)
        # Of an unknown number or text, `== 0` or `> 0` says nothing about whether it is true where they fail.
        return state.copy(), state


def _narrowed(state: State, name: str, bits: int, wanted: int) -> State | None:
    if not bits & wanted:
        return None
    result = state.copy()
    if name in result.bindings:
        result.bindings[name] = replace(result.bindings[name], truth=bits & wanted)
    return result


def _either(one: State | None, other: State | None) -> State | None:
    if one is None or other is None:
        return one or other
    one.absorb(other)
    return one


def _subject(test: cst.BaseExpression) -> str:
    """The name whose truth a test is about: `found`, `len(found)`, `(found := ...)`."""
    if isinstance(test, cst.NamedExpr):
        test = test.target
    if isinstance(test, cst.Call) and dotted(test.func) in ("len", "bool") and len(test.args) == 1:
        test = test.args[0].value
    return test.value if isinstance(test, cst.Name) else ""


def _comparison_with_constant(test: cst.Comparison) -> tuple[str, int] | None:
    """The name and the truths for which `name is None`, `name == 0`, `name > 0` ... hold."""
    if len(test.comparisons) != 1:
        return None
    comparison = test.comparisons[0]
    name, constant = _subject(test.left), _constant(comparison.comparator)
    holds = _HOLDS.get((type(comparison.operator), constant)) if name else None
    return None if holds is None else (name, holds)


def _constant(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Name | cst.Integer):
        return node.value
    return ""


_HOLDS: dict[tuple[type[cst.BaseCompOp], str], int] = {
    (cst.Is, "None"): NONE,
    (cst.Equal, "None"): NONE,
    (cst.IsNot, "None"): FALSE | TRUE,
    (cst.NotEqual, "None"): FALSE | TRUE,
    (cst.Is, "True"): TRUE,
    (cst.Equal, "True"): TRUE,
    (cst.IsNot, "True"): NONE | FALSE,
    (cst.Is, "False"): FALSE,
    (cst.Equal, "False"): FALSE,
    (cst.IsNot, "False"): NONE | TRUE,
    (cst.Equal, "0"): FALSE,
    (cst.NotEqual, "0"): NONE | TRUE,
    (cst.GreaterThan, "0"): TRUE,
    (cst.GreaterThanEqual, "1"): TRUE,
}
