"""Markdown, read by markdown-it: headings, paragraphs, code blocks, tables."""

from __future__ import annotations

from functools import cache
from typing import Any

from markdown_it import MarkdownIt

from battui.catalog.extract.blocks import Block, Extract, Headings, Kind, line_starts

_KINDS: dict[str, Kind] = {
    "heading_open": "heading",
    "paragraph_open": "prose",
    "table_open": "prose",
    "html_block": "prose",
    "fence": "code",
    "code_block": "code",
}


def extract_markdown(text: str) -> Extract:
    """The leaf blocks of the document; what stands in lists and quotes keeps its markers out."""
    starts = line_starts(text)
    headings, title, within_table = Headings(), "", 0
    blocks: list[Block] = []
    tokens = _parser().parse(text)
    for position, token in enumerate(tokens):
        within_table += token.nesting if token.type.startswith("table_") else 0
        kind = _KINDS.get(token.type)
        if kind is None or token.map is None or (within_table and token.type != "table_open"):
            continue
        path = headings.path
        if kind == "heading":
            words = str(tokens[position + 1].content)
            title = title or words
            path = headings.enter(int(token.tag[1:]), words)
        blocks.append(_block(text, starts, token, kind, path))
    return Extract(text, tuple(blocks), title)


def _block(text: str, starts: list[int], token: Any, kind: Kind, path: tuple[str, ...]) -> Block:
    first, last = token.map
    start, end = starts[first], starts[min(last, len(starts) - 1)]
    return Block(start, start + len(text[start:end].rstrip()), kind, path)


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")
