"""A document on its way into the catalog: its text in pieces, not yet objects."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from battui.catalog.analysis import DEFAULT_LANGUAGE
from battui.catalog.conditions import Metadata


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a document's text: `start` and `end` in characters, `line` counted from 1, the headings above it."""

    text: str
    start: int = 0
    end: int = 0
    line: int = 1
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A document to be indexed. `key` is its place and unique, `name` what a ranking calls it."""

    key: str
    name: str
    title: str
    kind: str
    content_hash: str
    pieces: tuple[Piece, ...]
    language: str = DEFAULT_LANGUAGE
    metadata: Metadata = field(default_factory=dict)


def content_hash(content: bytes, *facts: object) -> str:
    """The hash of a document's content and of whatever else decides how it is indexed."""
    digest = hashlib.sha256(content)
    digest.update(repr(facts).encode())
    return digest.hexdigest()
