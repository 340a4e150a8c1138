"""From text to trees, whatever the text is.

CPython's parser goes first: it answers every text with a tree or an exception, whereas LibCST's parser overflows
the stack (and takes the process down) on some two thousand nested brackets. Its tree also gives the line numbers,
for a fraction of what LibCST's position metadata costs.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import libcst as cst

from battui.contracts.review import Finding

FILE_CHARACTERS = 2_000_000
METHOD_CHARACTERS = 200_000
MAX_DEPTH = 120


class Unreadable(Exception):
    """The text cannot be reviewed; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Reading:
    """One text with its two trees, and the line of each statement of the concrete one."""

    source: str
    tree: ast.Module
    module: cst.Module
    lines: dict[int, int]

    def line(self, statement: cst.CSTNode) -> int:
        """The line on which a statement of `module` begins; 1 where unknown."""
        return self.lines.get(id(statement), 1)


def read(source: str, *, limit: int = METHOD_CHARACTERS) -> Reading:
    """Parse `source`, or raise Unreadable."""
    tree = parse(source, limit=limit)
    try:
        module = cst.parse_module(source)
    except (
        cst.ParserSyntaxError,
        ValueError,
        TypeError,
        RecursionError,
        MemoryError,
        cst.CSTValidationError,
    ):
        raise Unreadable(_syntax(1, "this text is not Python that can be reviewed")) from None
    lines = dict(_numbered(module, tree))
    return Reading(source, tree, module, lines)


def parse(source: str, *, limit: int = METHOD_CHARACTERS) -> ast.Module:
    """The abstract tree of `source`, bounded in size and depth, or raise Unreadable."""
    if not isinstance(source, str):
        raise Unreadable(_syntax(1, "this is no text"))
    if len(source) > limit:
        raise Unreadable(
            Finding("size", 1, f"the text has {len(source)} characters, more than {limit}", "Write less.")
        )
    tree = _guarded(lambda: ast.parse(source))
    if depth(tree) > MAX_DEPTH:
        raise Unreadable(
            Finding("size", 1, "the code is nested too deeply", "Use fewer brackets, operators and blocks.")
        )
    return tree


def is_one_function(tree: ast.Module) -> bool:
    """Whether a text is one function and nothing else."""
    return len(tree.body) == 1 and isinstance(tree.body[0], ast.FunctionDef | ast.AsyncFunctionDef)


def check_compiles(source: str) -> None:
    """Raise Unreadable where Python's compiler refuses what its parser lets pass, such as `break` outside a loop."""
    _guarded(lambda: compile(source, "<method>", "exec", dont_inherit=True))


_Result = TypeVar("_Result")


def _guarded(run: Callable[[], _Result]) -> _Result:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run()
    except SyntaxError as error:
        line = max(error.lineno or 1, 1)
        raise Unreadable(_syntax(line, f"this is not Python: {error.msg}")) from None
    except (ValueError, RecursionError, MemoryError, UnicodeError, OverflowError):
        raise Unreadable(_syntax(1, "this is not Python that can be parsed")) from None


def depth(tree: ast.AST) -> int:
    """How deeply nodes are nested; found without recursion."""
    deepest = 0
    level: list[ast.AST] = [tree]
    while level:
        deepest += 1
        if deepest > MAX_DEPTH:
            break
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return deepest


def _syntax(line: int, message: str) -> Finding:
    return Finding("syntax", line, message, "Write one complete Python function, `def name(self, ...):`.")


def _numbered(module: cst.Module, tree: ast.Module) -> Iterator[tuple[int, int]]:
    ours = list(statements(module))
    theirs = list(_abstract_statements(tree))
    if len(ours) != len(theirs):
        raise Unreadable(_syntax(1, "the two parsers disagree about this text"))
    return ((id(one), other.lineno) for one, other in zip(ours, theirs, strict=True))


def statements(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Every statement and exception handler below `node`, in the order of the text."""
    for part in ("body", "handlers", "orelse", "finalbody", "cases"):
        child: Any = getattr(node, part, None)
        kind = type(child)
        if kind is list or kind is tuple:
            for item in child:
                if type(item) not in _WRAPPERS:
                    yield item
                if not isinstance(item, cst.BaseSmallStatement):
                    yield from statements(item)
        elif kind is cst.If:
            yield child
            yield from statements(child)
        elif kind in _BLOCKS:
            yield from statements(child)


_WRAPPERS = frozenset({cst.SimpleStatementLine, cst.MatchCase})
_BLOCKS = frozenset({cst.IndentedBlock, cst.SimpleStatementSuite, cst.Else, cst.Finally})
_Numbered = ast.stmt | ast.ExceptHandler


def _abstract_statements(node: ast.AST) -> Iterator[_Numbered]:
    for part in ("body", "handlers", "orelse", "finalbody", "cases"):
        children = getattr(node, part, None)
        if not isinstance(children, list):
            continue
        for child in children:
            if isinstance(child, ast.stmt | ast.ExceptHandler):
                yield child
            if isinstance(child, ast.AST):
                yield from _abstract_statements(child)
