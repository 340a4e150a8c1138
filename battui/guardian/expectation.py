"""What an expectation may say: a comparison over `self`, `result` and literals."""

from __future__ import annotations

import ast

from battui.contracts.errors import UsageError
from battui.contracts.offered import offered
from battui.guardian.allow.names import attribute_fault, normal
from battui.guardian.reading import Unreadable, parse

_FUNCTIONS = frozenset({
    "abs", "all", "any", "bool", "dict", "float", "frozenset", "int", "isinstance", "len", "list", "max", "min",
    "repr", "round", "set", "sorted", "str", "sum", "tuple",
})  # fmt: skip
_METHODS = frozenset({
    "count", "endswith", "get", "index", "isdigit", "items", "join", "keys", "lower", "split", "startswith", "strip",
    "upper", "values",
})  # fmt: skip
_OPERATORS = (
    ast.And, ast.Or, ast.Not, ast.UAdd, ast.USub, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot, ast.In, ast.NotIn, ast.Load,
)  # fmt: skip
_NODES = (
    ast.Expression, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Compare, ast.Attribute, ast.Subscript, ast.Slice,
    ast.Name, ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Call,
)  # fmt: skip
_REMEDY = "Compare `self` or `result` with a value: result == 3 and self.balance >= 0."


def check_expectation(source: str) -> None:
    """Raise UsageError unless `source` is a comparison over `self`, `result` and literals.

    Boolean operators, arithmetic, attributes and items of `self` and `result`, and calls of a few functions that
    only read (`len`, `sum`, `sorted` ...) are allowed; comprehensions and names with an underscore are not.
    """
    expression = _parsed(source)
    for node in ast.walk(expression):
        fault = _fault(node)
        if fault:
            raise UsageError(f"the expectation has {fault}", about=source[:80], remedy=_REMEDY)
    if not any(
        isinstance(node, ast.Compare | ast.BoolOp | ast.Call | ast.UnaryOp) for node in ast.walk(expression)
    ):
        raise UsageError("the expectation compares nothing", about=source[:80], remedy=_REMEDY)


def _parsed(source: str) -> ast.expr:
    limit = offered().limits.expectation_characters
    try:
        # In brackets, a line break means nothing and a statement is no expression.
        tree = parse(f"({source}\n)", limit=limit + 3)
    except Unreadable as unreadable:
        raise UsageError(
            f"the expectation cannot be read: {unreadable.finding.message}",
            about=str(source)[:80],
            remedy=_REMEDY,
        ) from None
    only = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(only, ast.Expr):
        raise UsageError("the expectation is no expression", about=source[:80], remedy=_REMEDY)
    return only.value


def _fault(node: ast.AST) -> str:
    if not isinstance(node, (*_NODES, *_OPERATORS, ast.keyword)):
        return f"{type(node).__name__}, which is not allowed there"
    if isinstance(node, ast.Name) and node.id not in ("self", "result") and node.id not in _FUNCTIONS:
        return f"the name {node.id}, which is not known there"
    if isinstance(node, ast.Attribute):
        denied = attribute_fault(normal(node.attr))
        return denied[0] if denied else ""
    if isinstance(node, ast.Call):
        return _call_fault(node)
    return _constant_fault(node)


def _call_fault(node: ast.Call) -> str:
    if isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        return ""
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        return ""
    return "a call of something that may change state"


def _constant_fault(node: ast.AST) -> str:
    limits = offered().limits
    if not isinstance(node, ast.Constant):
        return ""
    if isinstance(node.value, str) and "__" in node.value:
        return "text with two underscores"
    if isinstance(node.value, int) and abs(node.value) >= 10**limits.integer_digits:
        return "a number that is too large"
    return ""
