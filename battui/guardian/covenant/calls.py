"""What a call does: to its receiver, to its arguments, and what it gives back.

A method call on an object is a message: the object that receives it keeps the covenant itself. A function that is
not known and whose result is thrown away was called for its effect: it counts as a change of every part of an object
that it is handed (in classes that people wrote, only where its name says so). Where the result is used, it counts as
a reading.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import libcst as cst

from battui.guardian.covenant.core import Core
from battui.guardian.covenant.state import State
from battui.guardian.covenant.values import (
    ANY,
    PLAIN,
    TRUE,
    Value,
    attribute,
    copied,
    is_answer,
    joined,
    member,
    root,
    shelled,
    taken,
)

MAX_PARAMETERS = 24


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a call as written and as evaluated."""

    nodes: tuple[cst.BaseExpression, ...]
    values: tuple[Value, ...]
    in_order: bool = True

    @property
    def first(self) -> Value:
        return self.values[0] if self.values else PLAIN

    @property
    def first_node(self) -> cst.BaseExpression | None:
        return self.nodes[0] if self.nodes else None

    @property
    def by_parameter(self) -> list[Value]:
        """For a local function: in the order of its parameters, or any of them for each where that is not known."""
        return list(self.values) if self.in_order else [joined(list(self.values))] * MAX_PARAMETERS

    @property
    def members(self) -> list[Value]:
        return [member(value) for value in self.values]


class Calls(Core):
    """Calls of functions and methods."""

    def call(self, node: cst.Call, state: State) -> Value:
        """Evaluate a call."""
        name = dotted(node.func)
        is_global = bool(name) and name.split(".", 1)[0] not in state.bindings
        if isinstance(node.func, cst.Attribute) and not is_global:
            receiver = self.evaluate(node.func.value, state)
            return self._method(node, receiver, node.func, self._arguments(node, state), state)
        function = PLAIN if is_global else self.evaluate(node.func, state)
        arguments = self._arguments(node, state)
        self.raises(state)
        if function.routines or any(place.method for place in function.places):
            return self._local(function, arguments, state)
        if is_global:
            return self._global(node, name, arguments, state)
        return self._unknown(node, arguments, state)

    def _arguments(self, node: cst.Call, state: State) -> Arguments:
        nodes = tuple(argument.value for argument in node.args)
        values = tuple(
            member(self.evaluate(argument.value, state))
            if argument.star
            else self.evaluate(argument.value, state)
            for argument in node.args
        )
        in_order = not any(argument.star or argument.keyword for argument in node.args)
        return Arguments(nodes, values, in_order)

    def _local(self, function: Value, arguments: Arguments, state: State) -> Value:
        result = PLAIN
        only = len(function.routines) + len(function.places) == 1
        for routine in sorted(function.routines):
            called = state if only else state.copy()
            result = result | self.invoke(routine, arguments.by_parameter, called)
            if not only:
                state.absorb(called)
        for place in function.places:
            if place.method:
                bound = Value(frozenset({replace(place, method="")}))
                self.mutate(state, bound)
                result = result | (
                    _given_back(self.words["methods"], place.method, bound, arguments) or PLAIN
                )
        return result

    def _global(self, node: cst.Call, name: str, arguments: Arguments, state: State) -> Value:
        functions = self.words["functions"]
        owner, _, method = name.rpartition(".")
        self._hand_over(arguments, state)
        if method in self.words["transactions"]["boundaries"]:
            state.forget_signals()
        if name in functions["change_first"]:
            self.mutate(state, arguments.first, arguments.first_node)
            return taken(arguments.first)
        if name in functions["set_attribute"]:
            return self._set_attribute(arguments, state)
        if owner in functions["types"] and arguments.nodes:
            return self._of_type(method, arguments, state)
        known = _known_function(functions, name, arguments)
        return self._unknown(node, arguments, state) if known is None else known

    def _of_type(self, method: str, arguments: Arguments, state: State) -> Value:
        """`list.append(rows, 1)`, `dict.fromkeys(names, rows)`."""
        methods, rest = self.words["methods"], Arguments((), arguments.values[1:])
        if method in methods["change"]:
            return self._in_place(arguments.nodes[0], method, arguments.first, rest, state)
        if method == "fromkeys":
            return shelled(joined(list(rest.values)))
        return _given_back(methods, method, arguments.first, rest) or PLAIN

    def _set_attribute(self, arguments: Arguments, state: State) -> Value:
        name = arguments.nodes[1] if len(arguments.nodes) > 1 else None
        text = name.evaluated_value if isinstance(name, cst.SimpleString) else ""
        if text == "_p_changed":
            self.signal(state, arguments.first)
        elif arguments.nodes:
            self.set_attribute(state, arguments.first, str(text), arguments.nodes[0])
        return PLAIN

    def _unknown(self, node: cst.Call, arguments: Arguments, state: State) -> Value:
        self._hand_over(arguments, state)
        if self.discarded is node and self._is_for_effect(node.func):
            for written, value in zip(arguments.nodes, arguments.values, strict=True):
                self.mutate(state, value, written)
        return self._answer(node)

    def _is_for_effect(self, function: cst.BaseExpression) -> bool:
        """Whether an unknown function whose result is thrown away may change what it is handed."""
        if not isinstance(function, cst.Name):
            return False
        name = function.value.lower()
        return self.policy.answers or any(word in name for word in self.words["functions"]["effects"])

    def _method(
        self, node: cst.Call, receiver: Value, func: cst.Attribute, arguments: Arguments, state: State
    ) -> Value:
        name = func.attr.value
        self.raises(state)
        self._hand_over(arguments, state)
        if name in self.words["transactions"]["boundaries"]:
            state.forget_signals()
        if name in self.words["methods"]["change"]:
            return self._in_place(func.value, name, receiver, arguments, state)
        known = _given_back(self.words["methods"], name, receiver, arguments)
        if known is None or (known is not PLAIN and not receiver.places and not known.places):
            return self._answer(node)
        return known

    def _in_place(
        self, written: cst.BaseExpression, name: str, receiver: Value, arguments: Arguments, state: State
    ) -> Value:
        self.mutate(state, receiver, written)
        self.mutate_answer(state, receiver, written)
        if name in self.words["methods"]["put"]:
            self.keep(state, written, joined(list(arguments.values[-1:])))
        elif name in self.words["methods"]["put_all"]:
            self.keep(state, written, joined([*arguments.members, *arguments.values]))
        if isinstance(written, cst.Name) and written.value in state.bindings:
            filled = TRUE if name in self.words["methods"]["fill"] else ANY
            self.bind(state, written.value, replace(state.bindings[written.value], truth=filled))
        if name in self.words["methods"]["partial"]:
            self.raises(state)
        return _given_back(self.words["methods"], name, receiver, arguments) or PLAIN

    def keep(self, state: State, written: cst.CSTNode, value: Value) -> None:
        """`value` is put into a container that a local name leads to, and can be reached through it from now on."""
        layers = 1
        while (outer := self._outer(written)) is not None:
            written, layers = outer, layers + 1
        if value.places and isinstance(written, cst.Name) and written.value in state.bindings:
            known = state.bindings[written.value]
            kept = shelled(value, layers).places
            self.bind(state, written.value, replace(known, places=known.places | kept))

    def _outer(self, written: cst.CSTNode) -> cst.CSTNode | None:
        """The container that `written` is a member of: of `groups` in `groups[k]` and `groups.setdefault(k, [])`."""
        if isinstance(written, cst.Subscript):
            return written.value
        if isinstance(written, cst.Call) and isinstance(written.func, cst.Attribute):
            is_member = written.func.attr.value in self.words["methods"]["member"]
            return written.func.value if is_member else None
        return None

    def mutate_answer(self, state: State, value: Value, written: cst.BaseExpression) -> None:
        """`self.rows_().append(1)`: what is changed without being kept was part of the object that answered."""
        while isinstance(written, cst.Subscript):
            written = written.value
        is_message = isinstance(written, cst.Call) and isinstance(written.func, cst.Attribute)
        if is_message and any(is_answer(place.path) and not place.owner for place in value.places):
            func = cst.ensure_type(cst.ensure_type(written, cst.Call).func, cst.Attribute)
            receiver = self.evaluate(func.value, state.copy())
            self.mutate(state, attribute(receiver, func.attr.value), func)

    def _hand_over(self, arguments: Arguments, state: State) -> None:
        """Functions among the arguments may be called with the members of the others."""
        for value in arguments.values:
            if value.routines or any(place.method for place in value.places):
                self.invoke_maybe(value, [joined(arguments.members)], state)

    def _answer(self, node: cst.Call) -> Value:
        name = dotted(node.func).rpartition(".")[2] or "call"
        return root(f"{name}()#{id(node) & 0xFFFFFF:x}")


def _given_back(
    methods: dict[str, frozenset[str]], name: str, receiver: Value, arguments: Arguments
) -> Value | None:
    """What the method `name` of a container gives back; None where the name is no container's method."""
    if name in methods["member"]:
        return joined([member(receiver), *arguments.values[1:]])
    if name in methods["taken"]:
        return joined([taken(receiver), *arguments.values[1:]])
    if name in methods["taken_pair"]:
        return shelled(taken(receiver))
    if name in methods["members"]:
        return copied(receiver)
    if name in methods["pairs"]:
        return shelled(member(receiver), 2)
    if name in methods["same"]:
        return receiver
    if name in methods["plain"]:
        return PLAIN
    return None


def _known_function(functions: dict[str, frozenset[str]], name: str, arguments: Arguments) -> Value | None:
    if name in functions["plain"]:
        return PLAIN
    if name in functions["members"]:
        return shelled(joined(arguments.members))
    if name in functions["pairs"]:
        return shelled(joined(arguments.members), 2)
    if name in functions["member"]:
        return joined(arguments.members + list(arguments.values[1:])).in_reach
    if name in functions["same"]:
        return arguments.values[-1] if arguments.values else PLAIN
    return None


def dotted(node: cst.CSTNode) -> str:
    """`a.b.c` as text; empty for any other expression."""
    names: list[str] = []
    while isinstance(node, cst.Attribute):
        names.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return ""
    names.append(node.value)
    return ".".join(reversed(names))
