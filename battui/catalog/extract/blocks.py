"""What every extractor answers: the text, and where its parts stand in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "prose", "code", "unit"]
"""`code` is a block that is never cut, `unit` a part of a source file that may be cut between lines."""


@dataclass(frozen=True, slots=True)
class Block:
    """`text[start:end]` of an extract, below these headings."""

    start: int
    end: int
    kind: Kind
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Extract:
    """A document's text; for formats that are text themselves, exactly what the file holds."""

    text: str
    blocks: tuple[Block, ...]
    title: str = ""


class Headings:
    """The path of headings that a place in a document stands under."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []

    @property
    def path(self) -> tuple[str, ...]:
        """From the outermost heading to the innermost."""
        return tuple(title for _, title in self._open)

    def enter(self, level: int, title: str) -> tuple[str, ...]:
        """A heading of this level (1 the outermost) begins; return the path with it."""
        self._open = [(other, name) for other, name in self._open if other < level]
        self._open.append((level, " ".join(title.split())))
        return self.path


def line_starts(text: str) -> list[int]:
    """The offset of each line, and of the end of the text."""
    starts, position = [0], 0
    for line in text.splitlines(keepends=True):
        position += len(line)
        starts.append(position)
    return starts


def paragraphs(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield the spans between blank lines."""
    position, begun, last = start, -1, start
    for line in text[start:end].splitlines(keepends=True):
        if line.strip():
            begun = position if begun < 0 else begun
            last = position + len(line.rstrip())
        elif begun >= 0:
            yield begun, last
            begun = -1
        position += len(line)
    if begun >= 0:
        yield begun, last


def joined(parts: Iterable[tuple[str, Kind, tuple[str, ...]]], title: str = "") -> Extract:
    """An extract whose text is made of parts, with a blank line between them."""
    texts: list[str] = []
    blocks: list[Block] = []
    position = 0
    for text, kind, headings in parts:
        texts.append(text)
        blocks.append(Block(position, position + len(text), kind, headings))
        position += len(text) + 2
    return Extract("\n\n".join(texts), tuple(blocks), title)
