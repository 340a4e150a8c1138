"""Loops, exception handling, `match`, and calls of local functions: where control goes more than one way.

A loop is run until the states at its head no longer grow. A handler is entered with every state in which an
exception may have left its `try` block; `finally` is run once for each way of leaving.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import libcst as cst

from battui.guardian.covenant.core import TooComplex
from battui.guardian.covenant.expressions import target_names
from battui.guardian.covenant.state import State, merged
from battui.guardian.covenant.statements import Exits, Statements, States
from battui.guardian.covenant.values import PLAIN, TRUE, Value, joined, member, shelled
from battui.guardian.tree import walk

MAX_TURNS = 12
MAX_CALLS = 12
_Try = cst.Try | cst.TryStar


class Flow(Statements):
    """The complete interpreter."""

    def compound(self, statement: cst.CSTNode, states: States, exits: Exits) -> States | None:
        """Run a statement that has blocks; None for any other."""
        if isinstance(statement, cst.For):
            return self._for(statement, states, exits)
        if isinstance(statement, cst.While):
            return self._while(statement, states, exits)
        if isinstance(statement, cst.Try | cst.TryStar):
            return self._try(statement, states, exits)
        if isinstance(statement, cst.Match):
            return self._match(statement, states, exits)
        return super().compound(statement, states, exits)

    def _for(self, node: cst.For, states: States, exits: Exits) -> States:
        iterated = joined([self.evaluate(node.iter, state) for state in states])

        def enter(head: States) -> tuple[States, States]:
            self.statement = node
            inside = [state.copy() for state in head]
            for state in head:
                self.raises(state)
            for state in inside:
                self.assign(node.target, member(iterated), state)
            return inside, head

        head, last = self._turns(node, states, enter, exits)
        # A display with elements in it is gone through at least once.
        done = last if iterated.truth == TRUE else head
        return self._after_loop(node, done, exits)

    def _while(self, node: cst.While, states: States, exits: Exits) -> States:
        def enter(head: States) -> tuple[States, States]:
            self.statement = node
            return self.ways(node.test, [state.copy() for state in head])

        head, _ = self._turns(node, states, enter, exits)
        _, done = enter(head)
        return self._after_loop(node, done, exits)

    def _after_loop(self, node: cst.For | cst.While, done: States, exits: Exits) -> States:
        broken = self._broken
        if node.orelse is not None:
            done = self.block(node.orelse.body, done, exits)
        return done + broken

    def _turns(
        self,
        node: cst.For | cst.While,
        states: States,
        enter: Callable[[States], tuple[States, States]],
        exits: Exits,
    ) -> tuple[States, States]:
        """Go round until nothing new comes back; the states at the head, and those that came back."""
        rebound = _rebound(node)
        head = merged((state.copy() for state in states), self.flags)
        for _ in range(MAX_TURNS):
            inner = Exits()
            inside, _done = enter([state.copy() for state in head])
            back = self.block(node.body, inside, inner) + inner.continues
            for state in back:
                state.next_turn(rebound)
            grown = merged((state.copy() for state in (*head, *back)), self.flags)
            if grown == head:
                break
            head = grown
        exits.returns += inner.returns
        exits.answers += inner.answers
        self._broken = inner.breaks
        return head, merged(back, self.flags)

    def _try(self, node: _Try, states: States, exits: Exits) -> States:
        if node.finalbody is None:
            return self._guarded(node, states, exits)
        inner = Exits()
        after, raising = self.caught(lambda: self._guarded(node, states, inner), states)
        final = node.finalbody.body
        for statement, state in inner.returns:
            exits.returns += [(statement, one) for one in self.block(final, [state], exits)]
        exits.answers += inner.answers
        exits.breaks += self.block(final, inner.breaks, exits)
        exits.continues += self.block(final, inner.continues, exits)
        for state in self.block(final, raising, exits):
            self.raises(state)
        return self.block(final, after, exits)

    def _guarded(self, node: _Try, states: States, exits: Exits) -> States:
        after, raised = self.caught(lambda: self.block(node.body, states, exits), states)
        result: States = []
        for handler in node.handlers:
            entered = [state.copy() for state in raised]
            for state in entered:
                if handler.name is not None:
                    self.assign(handler.name.name, PLAIN, state)
            result += self.block(handler.body, entered, exits)
        if not any(_catches_all(handler) for handler in node.handlers):
            for state in raised:
                self.raises(state)
        if node.orelse is not None:
            after = self.block(node.orelse.body, after, exits)
        return after + result

    def _match(self, node: cst.Match, states: States, exits: Exits) -> States:
        result: States = []
        pairs = [(state, self.evaluate(node.subject, state)) for state in states]
        for case in node.cases:
            inside = []
            for state, subject in pairs:
                entered = state.copy()
                self.match_names(case.pattern, subject, entered)
                inside.append(entered)
            if case.guard is not None:
                inside, missed = self.ways(case.guard, inside)
                subject = joined([value for _, value in pairs])
                pairs += [(state, subject) for state in merged(missed, self.flags)]
            result += self.block(case.body, inside, exits)
            if case.guard is None and isinstance(case.pattern, cst.MatchAs) and case.pattern.pattern is None:
                return result
        return result + [state for state, _ in pairs]

    def invoke(self, routine: int, arguments: list[Value], state: State) -> Value:
        """Call a local function or lambda: its body runs here, with its parameters bound."""
        if routine in self.running:
            return PLAIN
        if len(self.running) >= MAX_CALLS:
            raise TooComplex
        node = self.routines[routine]
        outer, statement, discarded = dict(state.bindings), self.statement, self.discarded
        self.running.append(routine)
        self._bind_parameters(node.params, arguments, state)
        if isinstance(node, cst.Lambda):
            answer, after = self.evaluate(node.body, state), [state.copy()]
        else:
            exits = Exits()
            after = self.block(node.body, [state.copy()], exits) + [one for _, one in exits.returns]
            answer = joined(exits.answers)
        self.running.pop()
        self.statement, self.discarded = statement, discarded
        if after:
            state.become(after[0])
            for one in after[1:]:
                state.absorb(one)
        for name in _locals(node):
            state.bindings.pop(name, None)
            if name in outer:
                state.bindings[name] = outer[name]
        return answer

    def _bind_parameters(self, params: cst.Parameters, arguments: list[Value], state: State) -> None:
        positional = (*params.posonly_params, *params.params)
        for index, param in enumerate((*positional, *params.kwonly_params)):
            value = joined(arguments)
            if index < min(len(arguments), len(positional)):
                value = arguments[index]
            elif param.default is not None:
                value = value | self.defaults.get(id(param), PLAIN)
            self.bind(state, param.name.value, value)
        for star in (params.star_arg, params.star_kwarg):
            if isinstance(star, cst.Param):
                self.bind(state, star.name.value, shelled(joined(arguments)))


def _catches_all(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, cst.Name) and handler.type.value in ("Exception", "BaseException")
    )


def _rebound(node: cst.For | cst.While) -> frozenset[str]:
    targets: list[cst.CSTNode] = [node.target] if isinstance(node, cst.For) else []
    targets += _targets(walk(node))
    return frozenset(name for target in targets for name in target_names(target))


def _targets(nodes: Iterable[cst.CSTNode]) -> list[cst.CSTNode]:
    return [
        node.target
        for node in nodes
        if isinstance(node, cst.AssignTarget | cst.AnnAssign | cst.NamedExpr | cst.For | cst.CompFor)
    ]


def _locals(node: cst.FunctionDef | cst.Lambda) -> set[str]:
    params = node.params
    names = {
        param.name.value
        for param in (
            *params.posonly_params,
            *params.params,
            *params.kwonly_params,
            params.star_arg,
            params.star_kwarg,
        )
        if isinstance(param, cst.Param)
    }
    if isinstance(node, cst.FunctionDef):
        for target in _targets(walk(node.body)):
            names |= target_names(target)
    return names
