"""Plain text: paragraphs between blank lines."""

from __future__ import annotations

from battui.catalog.extract.blocks import Block, Extract, paragraphs


def extract_plain(text: str) -> Extract:
    """Paragraphs; there are no headings that one could be sure of."""
    return Extract(text, tuple(Block(start, end, "prose") for start, end in paragraphs(text)))
