"""From files to text with its structure: one module a format."""

from battui.catalog.extract.blocks import Block, Extract
from battui.catalog.extract.formats import extract, kind_of

__all__ = ["Block", "Extract", "extract", "kind_of"]
