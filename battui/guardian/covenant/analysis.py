"""The covenant of one method: which changes may leave it unsignalled.

An abstract interpretation of the method's tree: for each point, which objects and parts of objects every name may
stand for, and which objects have changed and not signalled since. Paths that differ in the truth of a local that is
tested (`changed = True ... if changed:`) are kept apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import libcst as cst

from battui.guardian.covenant.calls import dotted
from battui.guardian.covenant.core import Change, Policy, TooComplex
from battui.guardian.covenant.flow import Flow
from battui.guardian.covenant.state import CLEAN, SIGNALLED, State, merged
from battui.guardian.covenant.statements import Exits
from battui.guardian.covenant.targets import SIGNAL
from battui.guardian.covenant.values import PLAIN, Value, root
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
    nodes = list(walk(function))
    containers = _containers(nodes)
    try:
        return _run(function, Flow(policy, flags=_flags(nodes), containers=containers))
    except TooComplex:
        # To keep apart what the flags tell apart was too much: once more without.
        return _run(function, Flow(policy, containers=containers))


def _run(function: cst.FunctionDef, flow: Flow) -> Verdict:
    exits = Exits()
    state = State(_parameters(function, flow), {})
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


def _parameters(function: cst.FunctionDef, flow: Flow) -> dict[str, Value]:
    params = function.params
    return {
        param.name.value: PLAIN if flow.is_transient(param.name.value) else root(param.name.value)
        for param in (
            *params.posonly_params,
            *params.params,
            *params.kwonly_params,
            params.star_arg,
            params.star_kwarg,
        )
        if isinstance(param, cst.Param)
    }


def _flags(nodes: list[cst.CSTNode]) -> frozenset[str]:
    """The names that tests are about, and that the signal itself is given the value of."""
    names: set[str] = set()
    for node in nodes:
        if type(node) in _TESTS:
            names |= {one.value for one in walk(node.test) if type(one) is cst.Name}  # type: ignore[attr-defined]
        elif type(node) is cst.Assign and type(node.value) is cst.Name:
            targets = [target.target for target in node.targets]
            if any(isinstance(one, cst.Attribute) and one.attr.value == SIGNAL for one in targets):
                names.add(node.value.value)
    return frozenset(names)


_TESTS = frozenset({cst.If, cst.While, cst.IfExp, cst.Assert})


def _containers(nodes: list[cst.CSTNode]) -> frozenset[str]:
    """Dotted names that the method uses as containers: it loops over them, indexes, measures or fills them."""
    texts: set[str] = set()
    for node in nodes:
        finder = _FINDERS.get(type(node))
        if finder is not None:
            texts.update(finder(node))
    return frozenset(texts - {""})


def _measured(node: cst.Call) -> list[str]:
    if dotted(node.func) not in ("len", "sorted", "sum", "set", "list"):
        return []
    return [dotted(argument.value) for argument in node.args]


_FINDERS: dict[type[cst.CSTNode], Callable[[Any], list[str]]] = {
    cst.For: lambda node: [dotted(node.iter)],
    cst.CompFor: lambda node: [dotted(node.iter)],
    cst.Subscript: lambda node: [dotted(node.value)],
    cst.Attribute: lambda node: (
        [dotted(node.value)] if node.attr.value in words()["methods"]["change"] else []
    ),
    cst.Call: _measured,
    cst.ComparisonTarget: lambda node: (
        [dotted(node.comparator)] if isinstance(node.operator, cst.In | cst.NotIn) else []
    ),
}
