"""Text in literals: its size, what it spells, and the widths in format specifications."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import libcst as cst

from battui.contracts.offered import MethodLimits

_DUNDER = re.compile(r"__\w")
_WIDE = re.compile(r"\d{5,}")
_PERCENT_WIDE = re.compile(r"%[^a-zA-Z%]*\d{5,}")


def faults(node: cst.CSTNode, parent: cst.CSTNode | None, limits: MethodLimits) -> Iterator[tuple[str, str]]:
    """What is wrong with a literal, as pairs of message and remedy."""
    if isinstance(node, cst.FormattedStringExpression):
        yield from _specification_faults(node)
    if isinstance(parent, cst.ConcatenatedString):
        return
    text = literal_text(node)
    if text is None:
        return
    if len(text) > limits.string_characters:
        yield f"text of more than {limits.string_characters} characters", "Keep long text in a slot."
    if _DUNDER.search(unicodedata.normalize("NFKC", text)):
        yield "text that spells a name with two underscores", "Use other text."
    if _PERCENT_WIDE.search(text):
        yield "a format that is too wide", "Use a width below 10000."


def literal_text(node: cst.CSTNode) -> str | None:
    """The text of a string literal of any kind, its expressions apart; None for any other node."""
    if isinstance(node, cst.SimpleString):
        value = node.evaluated_value
        return value if isinstance(value, str) else value.decode("latin-1")
    if isinstance(node, cst.ConcatenatedString):
        return (literal_text(node.left) or "") + (literal_text(node.right) or "")
    if isinstance(node, cst.FormattedString):
        return "".join(part.value for part in node.parts if isinstance(part, cst.FormattedStringText))
    return None


def _specification_faults(node: cst.FormattedStringExpression) -> Iterator[tuple[str, str]]:
    for part in node.format_spec or ():
        if isinstance(part, cst.FormattedStringText) and _WIDE.search(part.value):
            yield "a format that is too wide", "Use a width below 10000."
        if isinstance(part, cst.FormattedStringExpression) and part.format_spec:
            yield "a format within a format within a format", "Use at most one variable width."
