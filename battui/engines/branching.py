"""The likeliest texts of a model, one after the other: each leaves an earlier one at a single token.

A model that is sure of itself writes the same text whatever the temperature is. Here the tokens that it nearly took
are kept with the probability of all that stands before them; the likeliest of these beginnings is continued greedily,
and leaves beginnings of its own. That is best-first search in the tree of texts; to continue alternatives to the
first token greedily is CoT-decoding (Wang and Zhou 2024, arXiv:2402.10200).
"""

from __future__ import annotations

import heapq
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


@dataclass(slots=True)
class Frontier:
    """The beginnings that no text has yet, each with the logarithm of its probability; none has a stop string."""

    stops: Sequence[str] = ()
    _heap: list[tuple[float, int, str]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)

    def grow(self, beginning: str, likelihood: float, tokens: Sequence[Token]) -> None:
        """Take the alternatives to the `tokens` that followed a beginning of this likelihood."""
        for token in tokens:
            for text, other in token.others:
                if text and text != token.text and other >= LEAST_LIKELY:
                    self._keep(beginning + text, likelihood + other)
            beginning += token.text
            likelihood += token.likelihood

    def _keep(self, beginning: str, likelihood: float) -> None:
        if not any(stop in beginning for stop in self.stops):
            heapq.heappush(self._heap, (-likelihood, next(self._order), beginning))

    def likeliest(self) -> tuple[str, float] | None:
        """Take out the likeliest beginning, with its likelihood; None where there is none left."""
        if not self._heap:
            return None
        cost, _, beginning = heapq.heappop(self._heap)
        return beginning, -cost


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
