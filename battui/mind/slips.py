"""Repairs of slips that small models make in a method: plain ones, where only one reading makes sense.

A slot named without `self.` (`width * height`), and a last expression that is computed and thrown away in a method
that does nothing else. What remains wrong is for the guardian and the trial to find.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

_ACTING = frozenset(
    {
        "add",
        "append",
        "clear",
        "discard",
        "extend",
        "insert",
        "pop",
        "remove",
        "reverse",
        "setdefault",
        "sort",
        "update",
    }
)


def without_slips(source: str, slots: Collection[str]) -> str:
    """Return `source` with the slips taken out that are known here; as it is where it does not parse."""
    function = _function(source)
    if function is None:
        return source
    source = _own_slots(source, function, slots)
    function = _function(source)
    return source if function is None else _returned(source, function)


def _function(source: str) -> ast.FunctionDef | None:
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return statements[0] if statements and isinstance(statements[0], ast.FunctionDef) else None


def _own_slots(source: str, function: ast.FunctionDef, slots: Collection[str]) -> str:
    """A name that is neither parameter nor local and is a slot's is meant to be the slot."""
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    bound |= {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    bound |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    places = [(node.lineno, node.col_offset) for node in names if node.id in slots and node.id not in bound]
    return _inserted(source, places, "self.")


def _returned(source: str, function: ast.FunctionDef) -> str:
    """A method that only computes was asked for what it computed."""
    last = function.body[-1]
    deeds = (ast.Return, ast.Assign, ast.AugAssign, ast.Delete, ast.Raise, ast.For, ast.While)
    if any(isinstance(node, deeds) for node in ast.walk(function)):
        return source
    if not isinstance(last, ast.Expr) or len(function.body) > 2 or _acts(last.value):
        return source
    return _inserted(source, [(last.lineno, last.col_offset)], "return ")


def _acts(value: ast.expr) -> bool:
    if isinstance(value, ast.Constant):
        return True
    called = value.func if isinstance(value, ast.Call) else None
    if isinstance(called, ast.Attribute):
        sent_to_self = isinstance(called.value, ast.Name) and called.value.id == "self"
        return sent_to_self or called.attr in _ACTING
    return isinstance(called, ast.Name) and called.id == "print"


def _inserted(source: str, places: list[tuple[int, int]], text: str) -> str:
    lines = [line.encode() for line in source.split("\n")]
    for line, column in sorted(places, reverse=True):
        lines[line - 1] = lines[line - 1][:column] + text.encode() + lines[line - 1][column:]
    return b"\n".join(lines).decode()
