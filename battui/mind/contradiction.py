"""Whether an expectation can be met at all. Where this cannot be told for certain, it can."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.eq,
    ast.IsNot: operator.ne,
}
_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
}
_NO_LITERAL = object()


def contradiction_in(expectation: str) -> str:
    """The parts of the expectation that no result and no object can meet together; empty where there are none.

    Looked at are comparisons with literals that are joined by `and`. A term that has to equal a literal is tried
    with each of them; one that is only bounded by numbers, also between and beyond them. That decides both kinds.
    """
    try:
        whole = ast.parse(f"({expectation}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    terms: dict[str, list[_Part]] = {}
    for left, kind, right in _comparisons(whole):
        first, second = _literal(left), _literal(right)
        told = ast.unparse(ast.Compare(left, [kind], [right]))
        if first is not _NO_LITERAL and second is not _NO_LITERAL:
            if not _holds(_COMPARISONS[type(kind)], first, second):
                return told
        elif second is not _NO_LITERAL:
            terms.setdefault(ast.unparse(left), []).append(_Part(told, type(kind), second))
        elif first is not _NO_LITERAL:
            mirrored = _MIRRORED.get(type(kind), type(kind))
            terms.setdefault(ast.unparse(right), []).append(_Part(told, mirrored, first))
    for parts in terms.values():
        if not _can_hold(parts):
            return " and ".join(part.told for part in parts)
    return ""


class _Part:
    """One comparison of a term with a literal."""

    def __init__(self, told: str, kind: type[ast.cmpop], literal: Any) -> None:
        self.told = told
        self.kind = kind
        self.literal = literal

    def holds(self, value: Any) -> bool:
        return _holds(_COMPARISONS[self.kind], value, self.literal)


def _comparisons(node: ast.expr) -> Iterator[tuple[ast.expr, ast.cmpop, ast.expr]]:
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        for value in node.values:
            yield from _comparisons(value)
    elif isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        for left, kind, right in zip(sides, node.ops, sides[1:], strict=False):
            if type(kind) in _COMPARISONS:
                yield left, kind, right


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return _NO_LITERAL


def _can_hold(parts: Sequence[_Part]) -> bool:
    literals = [part.literal for part in parts]
    if any(part.kind in (ast.Eq, ast.Is) for part in parts):
        return any(all(part.holds(value) for part in parts) for value in literals)
    if all(isinstance(literal, int | float) for literal in literals):
        return any(all(part.holds(value) for part in parts) for value in _around(literals))
    return True


def _around(numbers: Sequence[float]) -> Iterator[float]:
    """The numbers, one in each gap between them, and one beyond either end."""
    ordered = sorted(numbers)
    yield from ordered
    yield ordered[0] - 1
    yield ordered[-1] + 1
    for low, high in pairwise(ordered):
        yield (low + high) / 2


def _holds(compare: Callable[[Any, Any], Any], value: Any, literal: Any) -> bool:
    try:
        return bool(compare(value, literal))
    except (TypeError, OverflowError):
        return False
