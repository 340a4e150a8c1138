"""Insert the signal where it is missing, and nothing else.

The signal goes right before the point where the method is left: a `return`, or the end of the block that made the
change. `return self.items.pop()` changes state while it returns, so the signal comes before it: a signal given
early counts. Places are tried from the narrowest to the widest, and the first whose result keeps the covenant is it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

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
    function: cst.FunctionDef, leaks: tuple[Leak, ...], keeps: Callable[[cst.FunctionDef], bool]
) -> cst.FunctionDef | None:
    """`function` with signals inserted, or None where no insertion makes `keeps` true."""
    parents = _parents(function)
    for strategy in (_at_branch, _outside_try, _at_end, _at_change):
        insertions = Insertions()
        if all(strategy(leak, function, parents, insertions) for leak in leaks):
            changed = cst.ensure_type(_rebuilt(function, insertions), cst.FunctionDef)
            if keeps(changed):
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
    around = [
        index for index, node in enumerate(ancestors[:-1]) if isinstance(node, (*_LOOPS, cst.FunctionDef))
    ]
    outside = ancestors[around[-1] + 1 :] if around else ancestors
    for block, parent in pairwise(outside):
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


def _rebuilt(node: cst.CSTNode, insertions: Insertions) -> cst.CSTNode:
    """`node` with the signals written into its blocks; only what leads to one of them is made anew."""
    if isinstance(node, cst.IndentedBlock):
        return _rebuilt_block(node, insertions)
    if isinstance(node, cst.SimpleStatementSuite):
        ends = [_signal(owner) for owner in insertions.ends.get(id(node), [])]
        small = _before_jump(_small(node.body, insertions), ends)
        return node if len(small) == len(node.body) else node.with_changes(body=_separated(small))
    changes: dict[str, object] = {}
    for part in ("body", "handlers", "orelse", "finalbody", "cases"):
        child = getattr(node, part, None)
        if isinstance(child, cst.CSTNode):
            new: object = _rebuilt(child, insertions)
            is_same = new is child
        elif isinstance(child, list | tuple):
            new = [_rebuilt(one, insertions) for one in child]
            is_same = all(one is other for one, other in zip(new, child, strict=True))
        else:
            continue
        if not is_same:
            changes[part] = new
    return node.with_changes(**changes) if changes else node


def _rebuilt_block(block: cst.IndentedBlock, insertions: Insertions) -> cst.IndentedBlock:
    body: list[cst.CSTNode] = []
    for statement in block.body:
        body += _with_signals(statement, insertions)
    body = _before_jump(body, [_line(owner) for owner in insertions.ends.get(id(block), [])])
    is_same = len(body) == len(block.body) and all(
        one is other for one, other in zip(body, block.body, strict=True)
    )
    return block if is_same else block.with_changes(body=body)


def _with_signals(statement: cst.CSTNode, insertions: Insertions) -> list[cst.CSTNode]:
    key = statement
    if isinstance(statement, cst.SimpleStatementLine):
        if len(statement.body) > 1:
            small = _small(statement.body, insertions)
            is_same = len(small) == len(statement.body)
            return [statement if is_same else statement.with_changes(body=_separated(small))]
        key = statement.body[0]
    before = [_line(owner) for owner in insertions.before.get(id(key), [])]
    after = [_line(owner) for owner in insertions.after.get(id(key), [])]
    return [*before, _rebuilt(statement, insertions) if key is statement else statement, *after]


def _small(body: Sequence[cst.BaseSmallStatement], insertions: Insertions) -> list[cst.BaseSmallStatement]:
    result: list[cst.BaseSmallStatement] = []
    for statement in body:
        result += [_signal(owner) for owner in insertions.before.get(id(statement), [])]
        result.append(statement)
        result += [_signal(owner) for owner in insertions.after.get(id(statement), [])]
    return result


_AnyStatement = TypeVar("_AnyStatement", bound=cst.CSTNode)


def _before_jump(body: Sequence[_AnyStatement], added: Sequence[_AnyStatement]) -> list[_AnyStatement]:
    """`added` at the end of a block; before its last statement where that one jumps away."""
    last = body[-1]
    small = last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last
    at = len(body) - isinstance(small, _JUMPS)
    return [*body[:at], *added, *body[at:]]


def _separated(body: list[cst.BaseSmallStatement]) -> list[cst.BaseSmallStatement]:
    """Small statements of one line, each but the last followed by a semicolon."""
    return [
        one
        if one is body[-1] or isinstance(one.semicolon, cst.Semicolon)
        else one.with_changes(semicolon=cst.Semicolon(whitespace_after=cst.SimpleWhitespace(" ")))
        for one in body
    ]


def _line(owner: cst.BaseExpression) -> cst.SimpleStatementLine:
    return cst.SimpleStatementLine([_signal(owner)])


def _signal(owner: cst.BaseExpression) -> cst.Assign:
    target = cst.Attribute(value=owner.deep_clone(), attr=cst.Name("_p_changed"))
    return cst.Assign(targets=[cst.AssignTarget(target)], value=cst.Name("True"))
