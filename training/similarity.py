"""How near two tasks are to each other: in the tree of their methods, and in what is said."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable
from typing import TypeAlias

from battui.contracts.offered import offered
from training.drawing import method_source

Tokens: TypeAlias = frozenset[str]

_WORD = re.compile(r"[a-z_]+|\d+")
_PLAIN = frozenset(
    {"a", "an", "and", "are", "be", "for", "in", "is", "it", "of", "please", "that", "the", "to", "with"}
)
_TELLING_NUMBERS = frozenset({-1, 0, 1, 2})


def normal_tree(parameters: Iterable[str], body: str) -> str:
    """A method's tree in which names, texts and larger numbers are what they are for everybody.

    Two methods have one tree if they differ in nothing but the names of slots, parameters and locals, in texts,
    and in numbers beyond two.
    """
    tree = ast.parse(method_source("method", parameters, body))
    return ast.dump(_Normal().visit(tree))


def tokens(intent: str, names: Collection[str]) -> Tokens:
    """The words that tell what is wanted: without `names` and without the smallest words; numbers are one."""
    words = (word for word in _WORD.findall(intent.lower()) if word not in names and word not in _PLAIN)
    return frozenset("0" if word.isdecimal() else word for word in words)


def nearness(first: Tokens, second: Tokens) -> float:
    """The share of words that two wishes have in common (Jaccard), from 0 to 1."""
    both = len(first | second)
    return len(first & second) / both if both else 0.0


class _Normal(ast.NodeTransformer):
    """Renames what a method's author was free to name, in the order in which it is met."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._slots: dict[str, str] = {}

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._name(node.arg)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._name(node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr != "_p_changed":
            node.attr = self._slots.setdefault(node.attr, f"slot{len(self._slots)}")
        self.generic_visit(node)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        value = node.value
        if isinstance(value, str) and any(character.isalpha() for character in value):
            node.value = "text"
        elif isinstance(value, int | float) and value not in _TELLING_NUMBERS:
            node.value = 9
        return node

    def _name(self, name: str) -> str:
        known = offered()
        if name == "self" or name in known.builtins or name in known.exceptions or name in known.facades:
            return name
        return self._names.setdefault(name, f"name{len(self._names)}")
