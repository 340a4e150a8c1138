"""Every node of a source with its line and how deep it lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import libcst as cst

from battui.guardian.reading import Reading
from battui.guardian.tree import children

_BLOCKS = frozenset({cst.IndentedBlock, cst.SimpleStatementSuite})


@dataclass(frozen=True, slots=True)
class Located:
    """A node, the line of its statement, the blocks and the expressions it is nested in, and its parent."""

    node: cst.CSTNode
    line: int
    blocks: int
    expressions: int
    parent: cst.CSTNode | None


def located(reading: Reading) -> Iterator[Located]:
    """All nodes in the order of the text."""
    stack = [Located(reading.module, 1, 0, 0, None)]
    while stack:
        current = stack.pop()
        yield current
        stack += [_below(reading, current, child) for child in reversed(children(current.node))]


@cache
def _is_expression(kind: type[cst.CSTNode]) -> bool:
    return issubclass(kind, cst.BaseExpression)


def _below(reading: Reading, parent: Located, child: cst.CSTNode) -> Located:
    line = reading.lines.get(id(child), parent.line)
    if type(child) in _BLOCKS:
        # An `elif` chain is one level, however long.
        return Located(child, line, parent.blocks + 1, 0, parent.node)
    deeper = parent.expressions + _is_expression(type(child))
    blocks = parent.blocks
    return Located(child, line, blocks, deeper, parent.node)
