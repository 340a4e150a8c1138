"""What is shown of a chunk that was found: its place, and the part of it with the words that were asked for."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from battui.catalog.analysis import located_terms
from battui.catalog.conditions import Condition
from battui.catalog.hybrid import Nearness, rank_hybrid
from battui.catalog.postings import Postings
from battui.catalog.query import Query, Words, parse_query, scoring_text
from battui.catalog.ranking import Ranked, query_terms, rank
from battui.catalog.shelf import Shelf, chunk_at, shelf_of
from battui.image.world import World

LONGEST = 320
_EDGE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document that answers a search.

    `text` is an excerpt of the chunk, `marks` are the words in it that were asked for (start and end); `start` and
    `end` are the chunk's span in the document, `line` where the excerpt begins.
    """

    document: str
    title: str
    headings: tuple[str, ...]
    line: int
    start: int
    end: int
    score: float
    text: str
    marks: tuple[tuple[int, int], ...]
    chunk: int

    @property
    def place(self) -> str:
        """Where to look it up."""
        return f"{self.document}:{self.line}"


def search(
    world: World,
    postings: Postings,
    query: str,
    *,
    top: int = 10,
    where: Sequence[Condition] = (),
    plain: bool = False,
    longest: int = LONGEST,
    near: Nearness | None = None,
) -> tuple[Passage, ...]:
    """The best passages for a query; with `plain`, it is words and nothing else. Raises UsageError.

    With `near`, vectors have a say in the order, and find what has none of the words.
    """
    shelf = shelf_of(world)
    if shelf is None:
        return ()
    read: Query = Words(query) if plain else parse_query(query)
    terms = set(query_terms(shelf, scoring_text(read)))
    found = _ranked(shelf, postings, read, top=top, near=near, where=where)
    return tuple(_passage(world, each, terms, longest) for each in found)


def ranking(
    world: World, postings: Postings, words: str, *, top: int, near: Nearness | None = None
) -> list[tuple[str, float]]:
    """Documents by their best chunk, for words as they stand: name and score."""
    shelf = shelf_of(world)
    best: dict[str, float] = {}
    wanted = top
    while shelf is not None:
        found = _ranked(shelf, postings, Words(words), top=wanted, near=near)
        best = {}
        for each in found:
            best.setdefault(chunk_at(world, each.chunk).document.name, each.score)
        # Several chunks of one document leave room for more.
        if len(best) >= top or len(found) < wanted:
            break
        wanted *= 2
    return list(best.items())[:top]


def rarity(world: World, postings: Postings, words: str) -> dict[str, float]:
    """What each term of `words` tells by how few chunks have it: the weight that the ranking gives it."""
    shelf = shelf_of(world)
    if shelf is None:
        return {}
    generation = postings.generation(shelf)
    total = len(generation.chunks)
    found = {term: generation.term(term, shelf) for term in query_terms(shelf, words)}
    # A term that nothing has tells a little more than one that stands in a single chunk.
    counts = {term: len(held.places) if held is not None else 0.5 for term, held in found.items()}
    return {term: math.log(1.0 + total / count) for term, count in counts.items()}


def _ranked(
    shelf: Shelf,
    postings: Postings,
    query: Query,
    *,
    top: int,
    near: Nearness | None,
    where: Sequence[Condition] = (),
) -> tuple[Ranked, ...]:
    if near is None:
        return rank(shelf, postings, query, top=top, where=where)
    return rank_hybrid(shelf, postings, query, near, top=top, where=where)


def _passage(world: World, ranked: Ranked, terms: Collection[str], longest: int) -> Passage:
    chunk = chunk_at(world, ranked.chunk)
    document = chunk.document
    text = chunk.text
    marks = [(start, end) for term, start, end in located_terms(text, document.language) if term in terms]
    begin, stop = _window(text, marks, longest)
    inside = tuple((start - begin, end - begin) for start, end in marks if start >= begin and end <= stop)
    return Passage(
        document=document.name,
        title=document.title,
        headings=tuple(chunk.headings),
        line=chunk.line + text.count("\n", 0, begin),
        start=chunk.span[0],
        end=chunk.span[1],
        score=ranked.score,
        text=text[begin:stop],
        marks=inside,
        chunk=ranked.chunk,
    )


def _window(text: str, marks: Sequence[tuple[int, int]], longest: int) -> tuple[int, int]:
    """The stretch of at most `longest` characters with the most different words of those asked for."""
    if len(text) <= longest:
        return 0, len(text)
    best, begin = (-1, 0), 0
    for position, (start, _) in enumerate(marks):
        within = [mark for mark in marks[position:] if mark[1] <= start + longest * 3 // 4]
        worth = (len({text[a:b].lower() for a, b in within}), len(within))
        if worth > best:
            best, begin = worth, start
    begin = max(0, min(begin - longest // 8, len(text) - longest))
    return _at_words(text, begin, begin + longest)


def _at_words(text: str, begin: int, stop: int) -> tuple[int, int]:
    """Move the ends inwards to where a word begins and ends, if there is such a place nearby."""
    if begin and not text[begin - 1].isspace() and (edge := _EDGE.search(text, begin, begin + 40)):
        begin = edge.end()
    if stop < len(text) and not text[stop].isspace():
        cut = max(text.rfind(" ", stop - 40, stop), text.rfind("\n", stop - 40, stop))
        stop = cut if cut > begin else stop
    return begin, stop
