"""What a question is about, and which words decide whether something answers it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from string import Template
from typing import Any

from battui.catalog.analysis import located_terms, terms_of

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Question:
    """A question in words. `rarity` weighs its terms by how rare they are in the catalog; unknown ones weigh most.

    `name` is what the object that is asked is called: to speak of it is to speak of the object.
    """

    text: str
    rarity: Mapping[str, float] = field(default_factory=dict)
    name: str = ""

    @cached_property
    def terms(self) -> frozenset[str]:
        """The terms of what it is about, without the words in which anything can be asked."""
        asking = _terms("asking")
        return frozenset(term for term in terms_of(self.text) if term not in asking)

    @cached_property
    def words(self) -> frozenset[str]:
        """All its words as `words_in` tells them."""
        return frozenset(words_in(self.text))

    @property
    def about_object(self) -> bool:
        """Whether it names nothing but the object that is asked."""
        named = {*terms_of(self.name)}
        asked = {word.lower() for word in _WORD.findall(self.text)}
        return not self.terms - named and bool(self.terms or asked & {*_lists()["object"]})

    @property
    def counts(self) -> bool:
        """Whether it asks for a number of things."""
        return any(self.text.lower().lstrip().startswith(words) for words in _lists()["counting"])

    def share(self, text: str) -> float:
        """How much of what it is about is spoken of in `text`: 0 to 1 by the weights of the terms."""
        said = {*terms_of(text)}
        weights = {term: self._weight(term) for term in self.terms}
        whole = sum(weights.values())
        return sum(weight for term, weight in weights.items() if term in said) / whole if whole else 0.0

    def missing_from(self, text: str) -> tuple[str, ...]:
        """The question's own words for what `text` does not speak of, in their order."""
        said = {*terms_of(text)}
        words = {term: self.text[start:end] for term, start, end in located_terms(self.text)}
        return tuple(word for term, word in words.items() if term in self.terms - said)

    def is_counted_in(self, text: str) -> bool:
        """Whether a number stands just before, or right behind, the word for the things that are counted."""
        counted = next((term for term in terms_of(self.text) if term in self.terms), "")
        words = [word.lower() for word in _WORD.findall(text)]
        numbers = {*_lists()["numbers"]}
        for place, word in enumerate(words):
            if counted in terms_of(word) and any(
                near[:1].isdecimal() or near in numbers for near in (*words[max(0, place - 3) : place + 2],)
            ):
                return True
        return False

    def _weight(self, term: str) -> float:
        return self.rarity.get(term, max(self.rarity.values(), default=1.0))


def words_in(text: str) -> list[str]:
    """The telling words of a sentence in their order: terms, and numbers as they are written."""
    found: list[str] = []
    for word in _WORD.findall(text.replace("_", " ")):
        found.extend([word] if word[:1].isdecimal() else terms_of(word))
    return found


def denials_in(text: str) -> frozenset[str]:
    """Whether the text denies: a set with one word in it, or none."""
    denies = {word.lower() for word in _WORD.findall(text)} & {*_lists()["denying"]}
    return frozenset({"not"} if denies or "n't" in text else ())


def wording(name: str) -> Template:
    """One of the texts in which a question is answered without the model."""
    return Template(str(_file()[name]))


@cache
def _terms(name: str) -> frozenset[str]:
    return frozenset(term for word in _lists()[name] for term in terms_of(word))


def _lists() -> Mapping[str, list[str]]:
    return _file()


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads((files("battui.mind.prompts") / "questions.toml").read_text(encoding="utf-8"))
