"""From a document's structure to pieces of a bounded size, with their place and an overlap between neighbours.

A piece never begins or ends within a word or a code block; a single one that is larger than the bound makes a piece
of its own. A heading begins a piece. Only where the size forces a cut do neighbours overlap, by whole sentences.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from battui.catalog.drafts import Piece
from battui.catalog.extract.blocks import Block, Extract

_SENTENCE = re.compile(r".+?(?:[.!?。！？]+[\"')\]]*(?=\s|$)|\n\s*\n|$)", re.DOTALL)  # noqa: RUF001
_WORD = re.compile(r"\S+")
_LINE = re.compile(r"[^\n]+")

Count = Callable[[str], int]


def estimated_tokens(text: str) -> int:
    """About how many tokens a model makes of `text`: one for four bytes, as for English on average."""
    return 1 + len(text.encode()) // 4


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large pieces are at most, and how much neighbours share at most, in tokens as `count` counts them."""

    most: int = 512
    overlap: int = 48
    count: Count = estimated_tokens


@dataclass(frozen=True, slots=True)
class _Atom:
    """A span that is not cut any further."""

    start: int
    end: int
    size: int
    shared: bool
    headings: tuple[str, ...]
    opens: bool


def pieces_of(document: Extract, sizes: Sizes) -> tuple[Piece, ...]:
    """Cut a document into pieces, in their order."""
    text = document.text
    breaks = [found.end() for found in re.finditer("\n", text)]
    return tuple(
        _piece(text, breaks, atoms)
        for atoms in _packed(_atoms(document, sizes), sizes)
        if text[atoms[0].start : atoms[-1].end].strip()
    )


def _piece(text: str, breaks: Sequence[int], atoms: Sequence[_Atom]) -> Piece:
    start, end = atoms[0].start, atoms[-1].end
    body = next((atom for atom in atoms if not atom.opens), atoms[-1])
    return Piece(text[start:end], start, end, 1 + bisect_right(breaks, start), body.headings)


def _packed(atoms: Iterator[_Atom], sizes: Sizes) -> Iterator[list[_Atom]]:
    current: list[_Atom] = []
    for atom in atoms:
        full = sum(held.size for held in current) + atom.size > sizes.most
        heading = atom.opens and not all(held.opens for held in current)
        if current and (full or heading):
            yield current
            current = [] if heading or atom.opens else _shared(current, atom, sizes)
        current.append(atom)
    if current:
        yield current


def _shared(closed: Sequence[_Atom], coming: _Atom, sizes: Sizes) -> list[_Atom]:
    """The last sentences of a piece, as many as the overlap and the next piece have room for."""
    shared: list[_Atom] = []
    room = min(sizes.overlap, sizes.most - coming.size)
    for atom in reversed(closed):
        room -= atom.size
        if room < 0 or not atom.shared or len(shared) + 1 == len(closed):
            break
        shared.insert(0, atom)
    return shared


def _atoms(document: Extract, sizes: Sizes) -> Iterator[_Atom]:
    for block in document.blocks:
        size = sizes.count(document.text[block.start : block.end])
        if block.kind in ("heading", "code"):
            yield _Atom(block.start, block.end, size, False, block.headings, block.kind == "heading")
        elif block.kind == "unit" and size <= sizes.most:
            yield _Atom(block.start, block.end, size, False, block.headings, False)
        else:
            yield from _parts(document.text, block, sizes)


def _parts(text: str, block: Block, sizes: Sizes) -> Iterator[_Atom]:
    """Sentences of prose or lines of code; what is still too large, by words."""
    pattern = _LINE if block.kind == "unit" else _SENTENCE
    for found in pattern.finditer(text, block.start, block.end):
        start, end = _trimmed(text, found.start(), found.end(), keep_indent=block.kind == "unit")
        if start >= end:
            continue
        size = sizes.count(text[start:end])
        if size <= sizes.most:
            yield _Atom(start, end, size, block.kind == "prose", block.headings, False)
            continue
        for word in _WORD.finditer(text, start, end):
            yield _Atom(word.start(), word.end(), sizes.count(word.group()), False, block.headings, False)


def _trimmed(text: str, start: int, end: int, *, keep_indent: bool) -> tuple[int, int]:
    part = text[start:end]
    lead = 0 if keep_indent and part.strip() else len(part) - len(part.lstrip())
    return start + lead, start + len(part.rstrip())
