"""What an answer in words may rest on: statements of passages and slots, and whether the answer keeps to them.

A small model answers wrongly even with the right passage before it. So nothing is asked of it where the passages do
not speak of what the question is about, and its answer counts only where passages say it in nearly the same words.
Else the passage is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from battui.catalog.analysis import terms_of
from battui.contracts.values import Value
from battui.mind.briefs import abridge
from battui.mind.questions import Question, denials_in, words_in
from battui.mind.steps import Excerpt

ENOUGH = 0.55
"""The share of a question's weight that a passage, with its headings, has to have: measured, see docs/search.md."""
ENOUGH_TOGETHER = 0.45
"""The same for the statement that is to answer it; what stands in the headings alone counts half."""
LONGEST_STATEMENT = 400
NEAR = 5
KEPT_ORDER = 0.75
_BREAK = re.compile(
    r"\n[ \t]*\n"  # a blank line
    r"|\n(?=[ \t]*(?:[-*+|#]|\d+\.)[ \t]?)"  # before an item of a list, a row of a table, a heading
    r"|(?<=[.!?])[ \t\n]+(?=[\"'(`*]*[A-Z])"  # between sentences
    r"|\n?```\w*\n?"  # around code
)
_BARE = re.compile(r"^[\s|:\-=#`*]*$")
_EDGES = re.compile(r"^(?:[\s|]|[-*+]\s|\d+\.\s)+|[\s|]+$")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A statement that speaks of what is asked: where it stands, its words, and how well it fits (0 to about 1)."""

    place: str
    text: str
    fit: float


@dataclass(frozen=True, slots=True)
class _Statement:
    start: int
    text: str
    goes_on: bool


def evidence_in(question: Question, excerpts: Sequence[Excerpt]) -> tuple[Evidence, ...]:
    """The statements of the excerpts that can answer the question, the best first, one an excerpt."""
    found = [
        best
        for excerpt in excerpts
        if question.share(_all_of(excerpt)) >= ENOUGH and (best := _best(question, excerpt)) is not None
    ]
    return tuple(sorted(found, key=lambda each: -each.fit))


def evidence_of_slots(question: Question, name: str, slots: Mapping[str, Value]) -> tuple[Evidence, ...]:
    """The object's own statements, `balance = 100`, that can answer it; all, where it only asks about the object."""
    told = [(f"{name}.{slot}", f"{slot} = {abridge(value)}") for slot, value in slots.items()]
    if question.about_object:
        return tuple(Evidence(place, text, 1.0) for place, text in told)
    shares = [(question.share(f"{name} {text}"), question.share(text), place, text) for place, text in told]
    return tuple(Evidence(place, text, own) for share, own, place, text in shares if share >= ENOUGH and own)


def supported(question: Question, answer: str, evidence: Sequence[str]) -> bool:
    """Whether each sentence of the answer is said by one of the texts, and the whole says more than the question.

    A sentence is said by a text that has all its telling words, numbers and denials, most neighbours near to each
    other and in their order.
    """
    parts = [part.text for part in _statements(answer)]
    told = {term for part in parts for term in words_in(part)}
    if not parts or not told - question.words:
        return False
    return all(any(_says(text, part, question) for text in evidence) for part in parts)


def _says(text: str, sentence: str, question: Question) -> bool:
    said, held = words_in(sentence), words_in(text)
    if not set(said) <= {*held, *question.words} or not set(said) & set(held):
        return False
    if not denials_in(sentence) <= denials_in(text):
        return False
    if denials_in(text) and not denials_in(sentence) and len(words_in(text)) <= 2 * len(said):
        # Nearly the whole text was repeated, without its denial.
        return False
    pairs = [pair for pair in pairwise(said) if pair[0] != pair[1]]
    kept = sum(_follows(held, *pair) for pair in pairs)
    return kept >= KEPT_ORDER * len(pairs)


def _follows(words: Sequence[str], first: str, second: str) -> bool:
    return any(
        word == first and second in words[place + 1 : place + 1 + NEAR] for place, word in enumerate(words)
    )


def _all_of(excerpt: Excerpt) -> str:
    return " ".join((excerpt.text, *excerpt.headings))


def _best(question: Question, excerpt: Excerpt) -> Evidence | None:
    around = " ".join(excerpt.headings)
    scored = [
        (_fit(question, window.text, around), -window.start, window.text)
        for window in _windows(list(_statements(excerpt.text)))
        if not question.counts or question.is_counted_in(window.text)
    ]
    if not scored:
        return None
    fit, start, text = max(scored)
    if fit < ENOUGH_TOGETHER:
        return None
    return Evidence(_line(excerpt, -start), text, fit)


def _fit(question: Question, text: str, around: str) -> float:
    own, both = question.share(text), question.share(f"{around} {text}")
    said = terms_of(text)
    new = len(set(said) - question.terms)
    fit = (own + both) / 2 + 0.02 * min(new, 5)
    # What is defined stands first; what ends with a colon only leads to something.
    defined = len(question.terms) <= 2 and said[:1] and said[0] in question.terms
    denied = denials_in(text) - denials_in(question.text)
    led = text.rstrip().endswith(":")
    return fit + 0.1 * bool(defined) - 0.1 * bool(denied) - 0.1 * led - 0.0005 * len(text)


def _windows(statements: Sequence[_Statement]) -> Iterator[_Statement]:
    yield from statements
    for first, second in pairwise(statements):
        if first.goes_on and len(first.text) + len(second.text) < LONGEST_STATEMENT:
            yield _Statement(first.start, f"{first.text} {second.text}", second.goes_on)


def _statements(text: str) -> Iterator[_Statement]:
    """Sentences, rows of tables, items of lists; headings lead on and state nothing."""
    begin = 0
    breaks = [*((found.start(), found.end()) for found in _BREAK.finditer(text)), (len(text), len(text))]
    for stop, after in breaks:
        part = text[begin:stop]
        bare = _EDGES.sub("", part)
        if bare and not _BARE.match(part) and not part.lstrip().startswith("#"):
            lead = len(part) - len(part.lstrip())
            goes_on = "\n" not in text[stop:after].strip(" \t") or text[after : after + 1].isalnum()
            yield _Statement(begin + lead, " ".join(bare.split())[:LONGEST_STATEMENT], goes_on)
        begin = after


def _line(excerpt: Excerpt, position: int) -> str:
    """The statement's own place: that of the excerpt, moved on by the lines before it."""
    document, colon, line = excerpt.place.rpartition(":")
    if not (colon and line.isdecimal()):
        return excerpt.place
    return f"{document}:{int(line) + excerpt.text.count(chr(10), 0, position)}"
