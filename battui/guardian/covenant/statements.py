"""What a statement does to the states that reach it, and by which ways they leave it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from battui.guardian.covenant.expressions import Expressions
from battui.guardian.covenant.state import State, merged
from battui.guardian.covenant.values import PLAIN, TRUE, Value, member

States = list[State]


@dataclass
class Exits:
    """The states in which control leaves a block otherwise than by its end."""

    returns: list[tuple[cst.CSTNode, State]] = field(default_factory=list)
    answers: list[Value] = field(default_factory=list)
    breaks: States = field(default_factory=list)
    continues: States = field(default_factory=list)


class Statements(Expressions):
    """Simple statements, `if`, `with`, and blocks of statements."""

    def block(self, body: cst.BaseSuite, states: States, exits: Exits) -> States:
        """Run a block; the states in which its end is reached."""
        for statement in body.body:
            if isinstance(statement, cst.SimpleStatementLine):
                for small in statement.body:
                    states = self.step(small, states, exits)
            else:
                states = self.step(statement, states, exits)
        return states

    def step(self, statement: cst.CSTNode, states: States, exits: Exits) -> States:
        """Run one statement."""
        states = merged(states, self.flags)
        if not states:
            return states
        self.spend()
        self.statement = statement
        compound = self.compound(statement, states, exits)
        if compound is not None:
            return compound
        handler = _SIMPLE.get(type(statement))
        if handler is None:
            return states
        return [state for state in states if handler(self, statement, state, exits)]

    def compound(self, statement: cst.CSTNode, states: States, exits: Exits) -> States | None:
        """Run a statement that has blocks; None for any other."""
        if isinstance(statement, cst.If):
            return self._if(statement, states, exits)
        if isinstance(statement, cst.With):
            return self._with(statement, states, exits)
        return None

    def ways(self, test: cst.BaseExpression, states: Iterable[State]) -> tuple[States, States]:
        """Where `test` holds, and where it does not."""
        pairs = [self.branch(test, state) for state in states]
        return [yes for yes, _ in pairs if yes is not None], [no for _, no in pairs if no is not None]

    def _if(self, node: cst.If, states: States, exits: Exits) -> States:
        yes, no = self.ways(node.test, states)
        after = self.block(node.body, yes, exits)
        if isinstance(node.orelse, cst.If):
            return after + self.step(node.orelse, no, exits)
        if node.orelse is not None:
            return after + self.block(node.orelse.body, no, exits)
        return after + no

    def _with(self, node: cst.With, states: States, exits: Exits) -> States:
        for state in states:
            for item in node.items:
                value = self.evaluate(item.item, state)
                self.raises(state)
                if item.asname is not None:
                    self.assign(item.asname.name, value, state)
        if not any(self._swallows(item.item) for item in node.items):
            return self.block(node.body, states, exits)
        after, caught = self.caught(lambda: self.block(node.body, states, exits), states)
        return after + caught

    def caught(self, run: Callable[[], States], states: States) -> tuple[States, States]:
        """Run something with its exceptions caught: the states after it, and those in which it raised."""
        collector: States = []
        for state in states:
            state.seen = False
        self.collectors.append(collector)
        try:
            after = run()
        finally:
            self.collectors.pop()
        for state in after:
            state.seen = False
        return after, merged(collector, self.flags)

    def _swallows(self, item: cst.BaseExpression) -> bool:
        name = item.func if isinstance(item, cst.Call) else item
        return (
            isinstance(name, cst.Name | cst.Attribute)
            and self._dotted(name) in self.words["transactions"]["swallow"]
        )

    def _dotted(self, name: cst.Name | cst.Attribute) -> str:
        return (
            name.value
            if isinstance(name, cst.Name)
            else f"{getattr(name.value, 'value', '')}.{name.attr.value}"
        )

    def _expression(self, node: cst.Expr, state: State, _exits: Exits) -> bool:
        self.discarded = node.value
        self.evaluate(node.value, state)
        self.discarded = None
        return True

    def _assign(self, node: cst.Assign, state: State, _exits: Exits) -> bool:
        value = self.evaluate(node.value, state)
        for target in node.targets:
            self.assign_from(target.target, node.value, value, state)
        return True

    def _annotated(self, node: cst.AnnAssign, state: State, _exits: Exits) -> bool:
        if node.value is not None:
            self.assign(node.target, self.evaluate(node.value, state), state)
        return True

    def _augmented(self, node: cst.AugAssign, state: State, _exits: Exits) -> bool:
        self.augment(node, state)
        return True

    def _delete(self, node: cst.Del, state: State, _exits: Exits) -> bool:
        self.delete(node.target, state)
        return True

    def _assert(self, node: cst.Assert, state: State, _exits: Exits) -> bool:
        yes, no = self.branch(node.test, state.copy())
        if no is not None:
            if node.msg is not None:
                self.evaluate(node.msg, no)
            self.raises(no)
        if yes is not None:
            state.become(yes)
        return yes is not None

    def _raise(self, node: cst.Raise, state: State, _exits: Exits) -> bool:
        if node.exc is not None:
            self.evaluate(node.exc, state)
        self.raises(state)
        return False

    def _return(self, node: cst.Return, state: State, exits: Exits) -> bool:
        value = PLAIN if node.value is None else self.evaluate(node.value, state)
        self.invoke_maybe(value, [PLAIN] * 4, state)
        exits.returns.append((node, state))
        exits.answers.append(value)
        return False

    def _break(self, _node: cst.Break, state: State, exits: Exits) -> bool:
        exits.breaks.append(state)
        return False

    def _continue(self, _node: cst.Continue, state: State, exits: Exits) -> bool:
        exits.continues.append(state)
        return False

    def _function(self, node: cst.FunctionDef, state: State, _exits: Exits) -> bool:
        self.routines[id(node)] = node
        for decorator in node.decorators:
            self.evaluate(decorator.decorator, state)
        self.define(node.params, state)
        if node.returns is not None:
            self.evaluate(node.returns.annotation, state)
        self.bind(state, node.name.value, Value(truth=TRUE, routines=frozenset({id(node)})))
        return True

    def _class(self, node: cst.ClassDef, state: State, _exits: Exits) -> bool:
        self.bind(state, node.name.value, PLAIN)
        return True

    def match_names(self, pattern: cst.CSTNode, subject: Value, state: State) -> None:
        """Bind what a pattern captures: the subject itself, or something inside it."""
        if isinstance(pattern, cst.MatchAs):
            if pattern.name is not None:
                self.bind(state, pattern.name.value, subject)
            if pattern.pattern is not None:
                self.match_names(pattern.pattern, subject, state)
        elif isinstance(pattern, cst.MatchOr):
            for element in pattern.patterns:
                self.match_names(element.pattern, subject, state)
        else:
            self._match_inside(pattern, member(subject), state)

    def _match_inside(self, pattern: cst.CSTNode, part: Value, state: State) -> None:
        if isinstance(pattern, cst.MatchMapping) and pattern.rest is not None:
            self.bind(state, pattern.rest.value, part)
        if isinstance(pattern, cst.MatchStar) and pattern.name is not None:
            self.bind(state, pattern.name.value, part)
        for inner in _inner_patterns(pattern):
            self.match_names(inner, part, state)


def _inner_patterns(pattern: cst.CSTNode) -> list[cst.CSTNode]:
    if isinstance(pattern, cst.MatchList | cst.MatchTuple):
        return [one if isinstance(one, cst.MatchStar) else one.value for one in pattern.patterns]
    if isinstance(pattern, cst.MatchMapping):
        return [pair.pattern for pair in pattern.elements]
    if isinstance(pattern, cst.MatchClass):
        return [*(one.value for one in pattern.patterns), *(one.pattern for one in pattern.kwds)]
    return []


_SIMPLE: dict[type[cst.CSTNode], Callable[[Any, Any, State, Exits], bool]] = {
    cst.Expr: Statements._expression,
    cst.Assign: Statements._assign,
    cst.AnnAssign: Statements._annotated,
    cst.AugAssign: Statements._augmented,
    cst.Del: Statements._delete,
    cst.Assert: Statements._assert,
    cst.Raise: Statements._raise,
    cst.Return: Statements._return,
    cst.Break: Statements._break,
    cst.Continue: Statements._continue,
    cst.FunctionDef: Statements._function,
    cst.ClassDef: Statements._class,
}
