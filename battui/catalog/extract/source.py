"""Source code: functions and classes."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from battui.catalog.extract.blocks import Block, Extract, line_starts, paragraphs

_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_NAME = re.compile(r"\b(?:class|struct|interface|trait|impl|fn|func|function|def|sub|module|enum)\s+(\w+)")


def extract_python(text: str) -> Extract:
    """Functions, classes and methods by Python's own parser; what Python cannot parse is read like any source."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return extract_source(text)
    # The parser counts only these as line ends, splitlines() some more.
    if len(re.split(r"\r\n|\r|\n", text)) - (text[-1:] in ("\r", "\n")) != len(text.splitlines()):
        return extract_source(text)
    return Extract(text, tuple(_PythonFile(text, line_starts(text)).blocks(tree, 0, len(text), ())))


def extract_source(text: str) -> Extract:
    """Any other language: parts begin at the margin after a blank line."""
    begins = [0]
    for start, _ in paragraphs(text):
        if text[start : start + 1] not in (" ", "\t", "}", ")", "]") and start > begins[-1]:
            begins.append(start)
    blocks = []
    for start, end in zip(begins, [*begins[1:], len(text)], strict=True):
        if part := text[start:end].strip():
            first = start + text[start:end].index(part)
            named = _NAME.search(part[:200])
            blocks.append(Block(first, first + len(part), "unit", (named.group(1),) if named else ()))
    return Extract(text, tuple(blocks))


@dataclass(frozen=True, slots=True)
class _PythonFile:
    text: str
    starts: list[int]

    def blocks(self, tree: ast.AST, begin: int, end: int, path: tuple[str, ...]) -> Iterator[Block]:
        """Functions, the methods of classes, and the stretches between them."""
        position = begin
        for node in getattr(tree, "body", ()):
            if not isinstance(node, _NAMED):
                continue
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            start, stop = self.starts[first - 1], self.starts[node.end_lineno or first]
            if start < position:
                continue
            yield from self._stretch(position, start, path)
            inner = (*path, node.name)
            if isinstance(node, ast.ClassDef):
                yield from self.blocks(node, start, stop, inner)
            else:
                yield from self._stretch(start, stop, inner)
            position = stop
        yield from self._stretch(position, end, path)

    def _stretch(self, start: int, end: int, path: tuple[str, ...]) -> Iterator[Block]:
        part = self.text[start:end].rstrip()
        lead = len(part) - len(part.lstrip("\r\n"))
        if part.strip():
            yield Block(start + lead, start + len(part), "unit", path)
