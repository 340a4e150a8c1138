"""What may be asked: words, "phrases", AND, OR, NOT, -word and parentheses.

    any of these words          chunks with at least one of them, the best first
    "exactly this"              chunks with the phrase; words beside it only add to the score
    lion AND (cub OR "a young one") NOT zoo
    lion -zoo

Operators are in capitals, so that prose is prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from battui.contracts.errors import UsageError

_TOKEN = re.compile(r'"([^"]*)"|([()])|(-(?=[\w"(]))|([^\s()"]+)')
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Words:
    """Any of the words in `text`; with `phrase`, all of them in this order."""

    text: str
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Every part."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not this."""

    part: Query


@dataclass(frozen=True, slots=True)
class Beside:
    """`wanted` decides; `also` only adds to the score."""

    wanted: Query
    also: Query


Query: TypeAlias = Words | All | Either | Not | Beside


def parse_query(text: str) -> Query:
    """Read a query; raises UsageError where parentheses or operators do not fit together."""
    reader = _Reader(list(_tokens(text)), text)
    found = reader.any_of(0)
    if reader.rest:
        raise reader.error("a parenthesis is closed that was never opened")
    return found


def scoring_text(query: Query) -> str:
    """All words that add to the score."""
    match query:
        case Words(text=text):
            return text
        case All(parts=parts) | Either(parts=parts):
            return " ".join(scoring_text(part) for part in parts)
        case Beside(wanted=wanted, also=also):
            return f"{scoring_text(wanted)} {scoring_text(also)}"
    return ""


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    for found in _TOKEN.finditer(text):
        phrase, bracket, minus, word = found.groups()
        if phrase is not None:
            yield "phrase", phrase
        elif bracket or minus:
            yield bracket or minus, ""
        elif word in ("AND", "OR", "NOT"):
            yield word, ""
        else:
            yield "word", word


class _Reader:
    """Recursive descent: OR binds least, then AND and NOT, then standing side by side."""

    def __init__(self, tokens: list[tuple[str, str]], text: str) -> None:
        self.rest = tokens
        self._text = text

    def any_of(self, depth: int) -> Query:
        parts = [self._all_of(depth)]
        while self._take("OR"):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all_of(self, depth: int) -> Query:
        parts = [Not(self._side_by_side(depth)) if self._take("NOT") else self._side_by_side(depth)]
        while self.rest and self.rest[0][0] in ("AND", "NOT"):
            joined = self._take("AND")
            denied = self._take("NOT")
            assert joined or denied
            part = self._side_by_side(depth)
            parts.append(Not(part) if denied else part)
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _side_by_side(self, depth: int) -> Query:
        words: list[str] = []
        wanted: list[Query] = []
        while self.rest and self.rest[0][0] in ("word", "phrase", "(", "-"):
            if self._take("-"):
                wanted.append(Not(self._item(depth)))
                continue
            match self._item(depth):
                case Words(text=text, phrase=False):
                    words.append(text)
                case part:
                    wanted.append(part)
        return self._joined(" ".join(words), wanted)

    def _joined(self, words: str, wanted: list[Query]) -> Query:
        if not (words or wanted):
            raise self.error("a word is missing")
        if all(isinstance(part, Not) for part in wanted):
            return All((Words(words), *wanted)) if words and wanted else Words(words) if words else wanted[0]
        needed = wanted[0] if len(wanted) == 1 else All(tuple(wanted))
        return Beside(needed, Words(words)) if words else needed

    def _item(self, depth: int) -> Query:
        kind, text = self.rest.pop(0) if self.rest else ("", "")
        if kind == "(" and depth < _DEEPEST:
            inner = self.any_of(depth + 1)
            if not self._take(")"):
                raise self.error("a parenthesis is not closed")
            return inner
        if kind in ("word", "phrase"):
            return Words(text, phrase=kind == "phrase")
        raise self.error("a word is missing")

    def _take(self, kind: str) -> bool:
        if self.rest and self.rest[0][0] == kind:
            self.rest.pop(0)
            return True
        return False

    def error(self, what: str) -> UsageError:
        return UsageError(
            what, about=self._text, remedy='Write words, "phrases", AND, OR, NOT and parentheses.'
        )
