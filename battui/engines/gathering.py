"""What comes of one request, gathered while it streams."""

from __future__ import annotations

import time

from battui.contracts.generation import (
    FinishReason,
    Generated,
    GenerationRequest,
    GenerationResult,
    OnToken,
)


class Gathering:
    """The candidates of one request and what they cost; the clock runs from the start."""

    def __init__(self, request: GenerationRequest, on_token: OnToken) -> None:
        self.request = request
        self.prompt_tokens = 0
        self.cached_tokens = 0
        self._on_token = on_token
        self._texts: list[list[str]] = [[] for _ in range(request.candidates)]
        self._ended: dict[int, FinishReason] = {}
        self._tokens: dict[int, int] = {}
        self._started = time.monotonic()
        self._first_token_s = 0.0

    def hear(self, index: int, piece: str) -> None:
        """A piece of text of candidate `index`, handed on; an empty one is none."""
        if piece:
            self._first_token_s = self._first_token_s or time.monotonic() - self._started
            self._texts[index].append(piece)
            self._on_token(self.request.id, index, piece)

    def end(self, index: int, reason: FinishReason) -> None:
        """Candidate `index` has ended."""
        self._ended[index] = reason

    def count(self, index: int, tokens: int) -> None:
        """Candidate `index` has so many tokens; of one that nobody counts, a piece is taken for a token."""
        self._tokens[index] = tokens

    def has_ended(self, index: int) -> bool:
        """Whether candidate `index` has ended by itself."""
        return index in self._ended

    def has_text(self, index: int) -> bool:
        """Whether candidate `index` has begun."""
        return bool(self._texts[index])

    def end_at(self, count: int) -> None:
        """There will be no more than `count` candidates."""
        del self._texts[count:]

    @property
    def is_whole(self) -> bool:
        """Whether every candidate has ended by itself."""
        return len(self._ended) == len(self._texts)

    def result(self) -> GenerationResult:
        """What has come; a candidate that has not ended was cancelled."""
        return GenerationResult(
            id=self.request.id,
            candidates=tuple(map(self._candidate, range(len(self._texts)))),
            prompt_tokens=self.prompt_tokens,
            cached_tokens=self.cached_tokens,
            seconds=time.monotonic() - self._started,
            first_token_s=self._first_token_s,
        )

    def _candidate(self, index: int) -> Generated:
        pieces = self._texts[index]
        tokens = self._tokens.get(index, min(len(pieces), self.request.max_tokens))
        return Generated(index, "".join(pieces), tokens, self._ended.get(index, "cancelled"))


def finish_of(reason: object) -> FinishReason:
    """The end of a text in the words of OpenAI's interface."""
    return "length" if reason == "length" else "stop"
