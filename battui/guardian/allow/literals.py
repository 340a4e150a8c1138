"""Text in literals: its size, what it spells, and the widths in format specifications.

Read from Python's own tree, where escapes are resolved and neighbouring literals are one.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterator

from battui.contracts.offered import MethodLimits

_DUNDER = re.compile(r"__\w")
_WIDE = re.compile(r"\d{5,}")
_PERCENT_WIDE = re.compile(r"%[^a-zA-Z%]*\d{5,}")
_TOO_WIDE = "a format that is too wide", "Use a width below 10000."


def faults(node: ast.AST, limits: MethodLimits) -> Iterator[tuple[str, str]]:
    """What is wrong with a literal, as pairs of message and remedy."""
    if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
        yield from _specification_faults(node.format_spec)
    text = literal_text(node)
    if text is None:
        return
    if len(text) > limits.string_characters:
        yield f"text of more than {limits.string_characters} characters", "Keep long text in a slot."
    if _DUNDER.search(unicodedata.normalize("NFKC", text)):
        yield "text that spells a name with two underscores", "Use other text."
    if _PERCENT_WIDE.search(text):
        yield _TOO_WIDE


def literal_text(node: ast.AST) -> str | None:
    """The text of a string literal of any kind, its expressions apart; None for any other node."""
    if isinstance(node, ast.JoinedStr):
        return "".join(literal_text(part) or "" for part in node.values)
    if not isinstance(node, ast.Constant):
        return None
    if isinstance(node.value, bytes):
        return node.value.decode("latin-1")
    return node.value if isinstance(node.value, str) else None


def _specification_faults(specification: ast.JoinedStr) -> Iterator[tuple[str, str]]:
    if _WIDE.search(literal_text(specification) or ""):
        yield _TOO_WIDE
    if any(isinstance(part, ast.FormattedValue) and part.format_spec for part in specification.values):
        yield "a format within a format within a format", "Use at most one variable width."
