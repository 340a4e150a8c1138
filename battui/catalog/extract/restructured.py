"""reStructuredText: sections by their underlines, paragraphs, literal blocks.

Its structure is in its lines; a full parse would turn directives of tools that are not here into errors.
"""

from __future__ import annotations

import re

from battui.catalog.extract.blocks import Block, Extract, Headings, line_starts

_RULE = re.compile(r"([!-/:-@\[-`{-~])\1+\s*$")
_CODE = re.compile(r"\s*\.\. (code|code-block|sourcecode|literalinclude|parsed-literal|doctest)::")


def extract_restructured(text: str) -> Extract:
    """Sections, paragraphs, and literal blocks in one piece each."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [line.rstrip() for line in text.splitlines()]
        self._starts = line_starts(text)
        self._headings = Headings()
        self._levels: list[str] = []
        self._blocks: list[Block] = []
        self._title = ""

    def read(self) -> Extract:
        at, literal = 0, False
        while at < len(self._lines):
            if not self._lines[at]:
                at += 1
            elif literal and self._indent(at):
                at, literal = self._take(at, self._end_of_indented(at), "code"), False
            elif section := self._section(at):
                at, literal = section, False
            else:
                end = self._end_of_paragraph(at)
                last, first = self._lines[end - 1], self._lines[at]
                literal = last.endswith("::") or bool(_CODE.match(first))
                at = self._take(at, end, "prose")
        return Extract(self._text, tuple(self._blocks), self._title)

    def _section(self, at: int) -> int:
        """The line behind a title with its underline, and maybe an overline; 0 where there is none."""
        lines = [*self._lines[at : at + 3], "", ""]
        over = bool(_RULE.match(lines[0]) and lines[1] and lines[0] == lines[2])
        title, under = (lines[1], lines[2]) if over else (lines[0], lines[1])
        if not _RULE.match(under) or _RULE.match(title) or len(under) < len(title.strip()):
            return 0
        style = under[0] + ("over" if over else "")
        if style not in self._levels:
            self._levels.append(style)
        self._title = self._title or title.strip()
        self._headings.enter(self._levels.index(style) + 1, title)
        return self._take(at, at + (3 if over else 2), "heading")

    def _take(self, first: int, end: int, kind: str) -> int:
        start = self._starts[first]
        length = len(self._text[start : self._starts[end]].rstrip())
        assert kind in ("heading", "prose", "code")
        self._blocks.append(Block(start, start + length, kind, self._headings.path))  # type: ignore[arg-type]
        return end

    def _indent(self, at: int) -> int:
        return len(self._lines[at]) - len(self._lines[at].lstrip())

    def _end_of_indented(self, at: int) -> int:
        least, end = self._indent(at), at
        while end < len(self._lines) and (not self._lines[end] or self._indent(end) >= least):
            end += 1
        while not self._lines[end - 1]:
            end -= 1
        return end

    def _end_of_paragraph(self, at: int) -> int:
        end = at + 1
        while end < len(self._lines) and self._lines[end]:
            end += 1
        return end
