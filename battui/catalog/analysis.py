"""From text to terms: words in lower case, without stop words, cut down to their stems."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from persistent import Persistent
from Stemmer import Stemmer

from battui.contracts.errors import UsageError

DEFAULT_LANGUAGE = "english"
MAX_REMEMBERED = 200_000
_WORD = re.compile(r"[^\W_]+")
_STOP_WORDS = Path(__file__).parent / "stop_words"


def languages() -> tuple[str, ...]:
    """The languages that a document may be in: those with a list of stop words here."""
    return tuple(sorted(path.stem for path in _STOP_WORDS.glob("*.txt")))


def check_language(language: str) -> str:
    """Return `language` if it is known, else raise UsageError with those that are."""
    if language not in languages():
        raise UsageError(
            "this language is not known", about=language, remedy=f"There are: {', '.join(languages())}."
        )
    return language


def terms_of(text: str, language: str = DEFAULT_LANGUAGE) -> list[str]:
    """The terms of `text` in their order, repeated ones repeated."""
    known = _terms(language)
    return [term for word in _WORD.findall(text.lower()) if (term := known[word])]


def located_terms(text: str, language: str = DEFAULT_LANGUAGE) -> Iterator[tuple[str, int, int]]:
    """Yield (term, start, end) for the words of `text` that are no stop words."""
    known = _terms(language)
    for found in _WORD.finditer(text):
        if term := known[found.group().lower()]:
            yield term, found.start(), found.end()


class Analyser(Persistent):
    """The pipeline of a zope.index lexicon: texts come in, terms go out."""

    def __init__(self, language: str) -> None:
        self.language = language

    def process(self, texts: Sequence[str]) -> list[str]:
        """The terms of all `texts`."""
        return [term for text in texts for term in terms_of(text, self.language)]


class _Terms(dict[str, str]):
    """Word to term, the empty term for stop words. Stemming is slow, and few words make most of any text."""

    def __init__(self, language: str) -> None:
        self._stem = Stemmer(language, 0).stemWord
        self._stop = frozenset((_STOP_WORDS / f"{language}.txt").read_text(encoding="utf-8").split())

    def __missing__(self, word: str) -> str:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        term = "" if word in self._stop else str(self._stem(word))
        self[word] = term
        return term


@cache
def _terms(language: str) -> _Terms:
    return _Terms(language)
