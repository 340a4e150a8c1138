"""The covenant of one method: which changes may leave it unsignalled.

An abstract interpretation of the method's tree: for each point, which objects and parts of objects every name may
stand for, and which objects have changed and not signalled since. Paths that differ in the truth of a local that is
tested (`changed = True ... if changed:`) are kept apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from battui.guardian.covenant.calls import dotted
from battui.guardian.covenant.core import Change, Policy
from battui.guardian.covenant.flow import Flow
from battui.guardian.covenant.state import CLEAN, SIGNALLED, State, merged
from battui.guardian.covenant.statements import Exits
from battui.guardian.covenant.targets import SIGNAL
from battui.guardian.covenant.values import Value, root
from battui.guardian.tree import walk
from battui.guardian.words import words


@dataclass(frozen=True, slots=True)
class Leak:
    """A change that may leave the method unsignalled: by `leaving` (a return), or by its end where that is None.

    `always` is true where every path that leaves there has changed the object.
    """

    change: Change
    leaving: cst.CSTNode | None
    always: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The leaks of a method, and the changes that come after their signal."""

    leaks: tuple[Leak, ...]
    early: tuple[Change, ...]


def analyse(function: cst.FunctionDef, policy: Policy) -> Verdict:
    """Find the changes that leave `function` unsignalled. Raises TooComplex."""
    flow = Flow(policy, flags=_flags(function), containers=_containers(function))
    exits = Exits()
    state = State(_parameters(function), {})
    ends = merged(flow.block(function.body, [state], exits), flow.flags)
    leavings: list[tuple[cst.CSTNode | None, State]] = [*exits.returns, *((None, end) for end in ends)]
    return Verdict(_leaks(leavings, flow.changes), _early(leavings, flow.changes))


def _leaks(leavings: list[tuple[cst.CSTNode | None, State]], changes: list[Change]) -> tuple[Leak, ...]:
    found: dict[tuple[int, int], Leak] = {}
    for leaving, state in leavings:
        for key, status in state.status.items():
            for number in (one for one in status if one > CLEAN):
                same = [other.of(key) for where, other in leavings if where is leaving]
                always = all(one > CLEAN for each in same for one in each)
                found[id(leaving), number] = Leak(changes[number - 1], leaving, always)
    return tuple(sorted(found.values(), key=lambda leak: leak.change.number))


def _early(leavings: list[tuple[cst.CSTNode | None, State]], changes: list[Change]) -> tuple[Change, ...]:
    numbers = {
        SIGNALLED - one
        for _, state in leavings
        for status in state.status.values()
        for one in status
        if one < SIGNALLED
    }
    return tuple(changes[number - 1] for number in sorted(numbers))


def _parameters(function: cst.FunctionDef) -> dict[str, Value]:
    params = function.params
    return {
        param.name.value: root(param.name.value)
        for param in (
            *params.posonly_params,
            *params.params,
            *params.kwonly_params,
            params.star_arg,
            params.star_kwarg,
        )
        if isinstance(param, cst.Param)
    }


def _flags(function: cst.FunctionDef) -> frozenset[str]:
    """The names that tests are about, and that the signal itself is given the value of."""
    names: set[str] = set()
    for node in walk(function):
        if isinstance(node, cst.If | cst.While | cst.IfExp | cst.Assert):
            names |= {one.value for one in walk(node.test) if isinstance(one, cst.Name)}
        elif isinstance(node, cst.Assign) and isinstance(node.value, cst.Name):
            targets = [target.target for target in node.targets]
            if any(isinstance(one, cst.Attribute) and one.attr.value == SIGNAL for one in targets):
                names.add(node.value.value)
    return frozenset(names)


def _containers(function: cst.FunctionDef) -> frozenset[str]:
    """Dotted names that the method uses as containers: it loops over them, indexes, measures or fills them."""
    texts: set[str] = set()
    change = words()["methods"]["change"]
    for node in walk(function):
        if isinstance(node, cst.For | cst.CompFor):
            texts.add(dotted(node.iter))
        elif isinstance(node, cst.Subscript) or (
            isinstance(node, cst.Attribute) and node.attr.value in change
        ):
            texts.add(dotted(node.value))
        elif isinstance(node, cst.Call) and dotted(node.func) in ("len", "sorted", "sum", "set", "list"):
            texts |= {dotted(argument.value) for argument in node.args}
        elif isinstance(node, cst.ComparisonTarget) and isinstance(node.operator, cst.In | cst.NotIn):
            texts.add(dotted(node.comparator))
    return frozenset(texts - {""})
