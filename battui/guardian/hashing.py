"""One number for everything that is the same program: formatting, comments and docstrings apart."""

from __future__ import annotations

import ast
import hashlib

from battui.guardian.reading import Unreadable, parse


def tree_hash(source: str) -> str:
    """The SHA-256 of the normalised tree of `source`; empty where it does not parse."""
    try:
        return hash_of(parse(source))
    except Unreadable:
        return ""


def hash_of(tree: ast.Module) -> str:
    """The SHA-256 of a tree.

    Empty fields are left out, so that a field which a later Python adds to a node does not change the hash.
    """
    return hashlib.sha256(_written(tree).encode("utf-8", "surrogatepass")).hexdigest()


def _written(node: object) -> str:
    if isinstance(node, list):
        return "[" + ",".join(_written(item) for item in node) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = (
        (name, _without_docstring(node, value) if name == "body" else value)
        for name, value in ast.iter_fields(node)
    )
    written = (
        f"{name}={_written(value)}"
        for name, value in fields
        if value is not None and value != [] and name not in ("ctx", "kind", "type_comment", "type_ignores")
    )
    constant = f"={_constant(node.value)}" if isinstance(node, ast.Constant) else ""
    return f"{type(node).__name__}{constant}({','.join(written)})"


def _constant(value: object) -> str:
    return f"{type(value).__name__}:{value!r}"


def _without_docstring(node: ast.AST, body: object) -> object:
    if isinstance(
        node, ast.FunctionDef | ast.ClassDef | ast.Module | ast.AsyncFunctionDef
    ) and ast.get_docstring(node):
        return node.body[1:] or [ast.Pass()]
    return body
