"""The likeliest texts of a model, one after the other: each leaves an earlier one at a single token.

A model that is sure of itself writes the same text whatever the temperature is. Here the tokens that it nearly took
are kept with the probability of all that stands before them; the likeliest of these beginnings is continued greedily,
and leaves beginnings of its own. That is best-first search in the tree of texts; to continue alternatives to the
first token greedily is CoT-decoding (Wang and Zhou 2024, arXiv:2402.10200).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

ALTERNATIVES = 6
"""Tokens looked at in each place, the chosen one among them."""
LEAST_LIKELY = -9.0
"""In the logarithm: what is less likely than that in its place is noise."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was chosen, its logarithmic probability, and those of the others that might have been."""

    text: str
    likelihood: float
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first `tokens` tokens of a text, and the logarithm of their probability."""

    text: str = ""
    likelihood: float = 0.0
    tokens: int = 0

    def then(self, text: str, likelihood: float) -> Beginning:
        """With one more token."""
        return Beginning(self.text + text, self.likelihood + likelihood, self.tokens + 1)


NOWHERE = Beginning()
"""Before the first token."""


@dataclass(slots=True)
class Frontier:
    """The beginnings that no text has yet; each has fewer than `most` tokens, and none has a stop string.

    Those that are less probable than `least` are left out.
    """

    most: int
    stops: Sequence[str] = ()
    least: float = 0.0
    _heap: list[tuple[float, int, Beginning]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)

    def grow(self, beginning: Beginning, tokens: Sequence[Token]) -> None:
        """Take the alternatives to the `tokens` that followed a beginning."""
        for token in tokens:
            for text, other in token.others:
                if text and text != token.text and other >= LEAST_LIKELY:
                    self._keep(beginning.then(text, other))
            beginning = beginning.then(token.text, token.likelihood)

    def _keep(self, beginning: Beginning) -> None:
        fits = beginning.tokens < self.most and not any(stop in beginning.text for stop in self.stops)
        if fits and math.exp(beginning.likelihood) >= self.least:
            heapq.heappush(self._heap, (-beginning.likelihood, next(self._order), beginning))

    def likeliest(self) -> Beginning | None:
        """Take out the likeliest beginning; None where there is none left."""
        return heapq.heappop(self._heap)[-1] if self._heap else None


def tokens_in(choice: Mapping[str, Any]) -> list[Token]:
    """The tokens that a streamed choice tells of, in the words of OpenAI's interface."""
    told = (choice.get("logprobs") or {}).get("content") or ()
    return [
        Token(
            _text(entry),
            float(entry["logprob"]),
            tuple((_text(other), float(other["logprob"])) for other in entry.get("top_logprobs", ())),
        )
        for entry in told
    ]


def _text(entry: Mapping[str, Any]) -> str:
    """A token's text; empty for one that says nothing, or that is a part of a character."""
    return bytes(entry.get("bytes") or ()).decode("utf-8", errors="ignore")
