"""Insert the signal where it is missing, and nothing else.

The signal goes right before the point where the method is left: a `return`, or the end of the block that made the
change. `return self.items.pop()` changes state while it returns, so the signal comes before it: a signal given
early counts. Places are tried from the narrowest to the widest, and the first whose result keeps the covenant is it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import libcst as cst

from battui.guardian.covenant import Leak
from battui.guardian.tree import children

_JUMPS = (cst.Return, cst.Raise, cst.Break, cst.Continue)
_LOOPS = (cst.For, cst.While)
_BLOCK = (cst.IndentedBlock, cst.SimpleStatementSuite)
Parents = dict[int, cst.CSTNode]


@dataclass
class Insertions:
    """Which signals go where: before and after statements, and at the end of blocks; by the identity of the node."""

    before: dict[int, list[cst.BaseExpression]] = field(default_factory=dict)
    after: dict[int, list[cst.BaseExpression]] = field(default_factory=dict)
    ends: dict[int, list[cst.BaseExpression]] = field(default_factory=dict)

    def add(
        self, where: dict[int, list[cst.BaseExpression]], node: cst.CSTNode, owner: cst.BaseExpression
    ) -> None:
        """Signal on `owner` there, once."""
        known = where.setdefault(id(node), [])
        if not any(one.deep_equals(owner) for one in known):
            known.append(owner)


Strategy = Callable[[Leak, cst.FunctionDef, Parents, Insertions], bool]


def repaired(
    module: cst.Module,
    function: cst.FunctionDef,
    leaks: tuple[Leak, ...],
    keeps: Callable[[cst.Module], bool],
) -> cst.Module | None:
    """The module with signals inserted into `function`, or None where no insertion makes `keeps` true."""
    parents = _parents(function)
    for strategy in (_at_branch, _outside_try, _at_end, _at_change):
        insertions = Insertions()
        if all(strategy(leak, function, parents, insertions) for leak in leaks):
            changed = module.visit(_Inserter(insertions))
            if isinstance(changed, cst.Module) and keeps(changed):
                return changed
    return None


def _parents(function: cst.FunctionDef) -> Parents:
    parents: Parents = {}
    stack: list[cst.CSTNode] = [function]
    while stack:
        node = stack.pop()
        for child in children(node):
            parents[id(child)] = node
            stack.append(child)
    return parents


def _at_branch(leak: Leak, function: cst.FunctionDef, parents: Parents, insertions: Insertions) -> bool:
    """At the end of the branch that changed, outside its loops."""
    return _place(
        leak,
        function,
        parents,
        insertions,
        stops=(cst.If, cst.Else, cst.MatchCase, cst.ExceptHandler, cst.Try),
    )


def _outside_try(leak: Leak, function: cst.FunctionDef, parents: Parents, insertions: Insertions) -> bool:
    """The same, after the `try` statement that the change lies in."""
    return _place(leak, function, parents, insertions, stops=(cst.If, cst.MatchCase))


def _at_end(leak: Leak, function: cst.FunctionDef, parents: Parents, insertions: Insertions) -> bool:
    """At the end of the method."""
    return _place(leak, function, parents, insertions, stops=())


def _at_change(leak: Leak, function: cst.FunctionDef, _parents: Parents, insertions: Insertions) -> bool:
    """Right after the change itself, or before it where it returns."""
    owner = _owner(leak, function)
    if owner is None:
        return False
    statement = leak.change.statement
    if isinstance(statement, cst.BaseCompoundStatement | cst.Return):
        insertions.add(insertions.before, statement, owner)
    else:
        insertions.add(insertions.after, statement, owner)
    return True


def _place(
    leak: Leak,
    function: cst.FunctionDef,
    parents: Parents,
    insertions: Insertions,
    *,
    stops: tuple[type[cst.CSTNode], ...],
) -> bool:
    owner = _owner(leak, function)
    if owner is None:
        return False
    if leak.change.path != _self_name(function):
        return _at_change(leak, function, parents, insertions)
    if leak.leaving is not None:
        insertions.add(insertions.before, leak.leaving, owner)
    elif leak.always:
        insertions.add(insertions.ends, function.body, owner)
    else:
        insertions.add(insertions.ends, _block_of(leak.change.statement, function, parents, stops), owner)
    return True


def _block_of(
    statement: cst.CSTNode, function: cst.FunctionDef, parents: Parents, stops: tuple[type[cst.CSTNode], ...]
) -> cst.CSTNode:
    """The block at whose end the signal goes: the branch around the outermost loop around the change."""
    ancestors = list(_ancestors(statement, parents))
    loops = [index for index, node in enumerate(ancestors) if isinstance(node, (*_LOOPS, cst.FunctionDef))]
    inner = [index for index in loops if ancestors[index] is not function]
    for block, parent in zip(
        ancestors[inner[-1] + 1 if inner else 0 :], ancestors[(inner[-1] + 2) if inner else 1 :], strict=False
    ):
        if isinstance(block, _BLOCK) and isinstance(parent, stops):
            return block
    return function.body


def _ancestors(node: cst.CSTNode, parents: Parents) -> Iterator[cst.CSTNode]:
    while id(node) in parents:
        node = parents[id(node)]
        yield node


def _self_name(function: cst.FunctionDef) -> str:
    params = (*function.params.posonly_params, *function.params.params)
    return params[0].name.value if params else ""


def _owner(leak: Leak, function: cst.FunctionDef) -> cst.BaseExpression | None:
    """The object that has to signal, as it can be written where the signal goes."""
    if leak.change.path == _self_name(function):
        return cst.Name(leak.change.path)
    written = leak.change.written
    return written if written is not None and _is_simple(written) else None


def _is_simple(node: cst.BaseExpression) -> bool:
    """Evaluating it again gives the same object and does nothing: names, attributes, constant items."""
    if isinstance(node, cst.Attribute):
        return _is_simple(node.value)
    if isinstance(node, cst.Subscript):
        index = node.slice[0].slice if len(node.slice) == 1 else None
        plain = isinstance(index, cst.Index) and isinstance(
            index.value, cst.Name | cst.Integer | cst.SimpleString
        )
        return plain and _is_simple(node.value)
    return isinstance(node, cst.Name)


class _Inserter(cst.CSTTransformer):
    """Writes the signals into blocks; every other byte of the text stays."""

    def __init__(self, insertions: Insertions) -> None:
        super().__init__()
        self._insertions = insertions

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        body: list[cst.BaseStatement] = []
        for original, updated in zip(original_node.body, updated_node.body, strict=True):
            body += self._with_signals(original, updated)
        owners = self._insertions.ends.get(id(original_node), [])
        lines = [cst.SimpleStatementLine([_signal(owner)]) for owner in owners]
        return (
            updated_node.with_changes(body=_before_jump(body, lines))
            if len(body) + len(lines) > len(updated_node.body) or body != list(updated_node.body)
            else updated_node
        )

    def leave_SimpleStatementSuite(  # noqa: N802
        self, original_node: cst.SimpleStatementSuite, updated_node: cst.SimpleStatementSuite
    ) -> cst.SimpleStatementSuite:
        small = self._small(original_node.body, updated_node.body)
        owners = self._insertions.ends.get(id(original_node), [])
        return updated_node.with_changes(body=_before_jump(small, [_signal(owner) for owner in owners]))

    def _with_signals(self, original: cst.CSTNode, updated: cst.BaseStatement) -> list[cst.BaseStatement]:
        if isinstance(original, cst.SimpleStatementLine) and isinstance(updated, cst.SimpleStatementLine):
            if len(original.body) > 1:
                return [updated.with_changes(body=self._small(original.body, updated.body))]
            original = original.body[0]
        before = [
            cst.SimpleStatementLine([_signal(one)]) for one in self._insertions.before.get(id(original), [])
        ]
        after = [
            cst.SimpleStatementLine([_signal(one)]) for one in self._insertions.after.get(id(original), [])
        ]
        return [*before, updated, *after]

    def _small(self, original: object, updated: object) -> list[cst.BaseSmallStatement]:
        result: list[cst.BaseSmallStatement] = []
        for one, other in zip(original, updated, strict=True):  # type: ignore[call-overload]
            result += [_signal(owner) for owner in self._insertions.before.get(id(one), [])]
            result.append(other)
            result += [_signal(owner) for owner in self._insertions.after.get(id(one), [])]
        return [_separated(one, is_last=index == len(result) - 1) for index, one in enumerate(result)]


def _before_jump(body: list, added: list) -> list:  # type: ignore[type-arg]
    """`added` at the end of a block; before its last statement where that one jumps away."""
    if not added:
        return body
    last = body[-1]
    small = last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last
    at = len(body) - isinstance(small, _JUMPS)
    joined = [*body[:at], *added, *body[at:]]
    if isinstance(joined[0], cst.BaseSmallStatement):
        return [_separated(one, is_last=index == len(joined) - 1) for index, one in enumerate(joined)]
    return joined


def _separated(statement: cst.BaseSmallStatement, *, is_last: bool) -> cst.BaseSmallStatement:
    has_semicolon = isinstance(statement.semicolon, cst.Semicolon)
    if is_last or has_semicolon:
        return statement
    return statement.with_changes(semicolon=cst.Semicolon(whitespace_after=cst.SimpleWhitespace(" ")))


def _signal(owner: cst.BaseExpression) -> cst.Assign:
    target = cst.Attribute(value=owner.deep_clone(), attr=cst.Name("_p_changed"))
    return cst.Assign(targets=[cst.AssignTarget(target)], value=cst.Name("True"))
