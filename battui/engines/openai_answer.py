"""One request to an OpenAI-compatible server: its calls, and how their events become candidates."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from battui.contracts.errors import EngineFailed
from battui.contracts.generation import (
    FinishReason,
    Generated,
    GenerationRequest,
    GenerationResult,
    OnToken,
)
from battui.engines.completion import Round

SEEDS = 1 << 31  # servers read it as an integer of 32 bits with a sign


def body(request: GenerationRequest, turn: Round, chosen: Mapping[str, object]) -> dict[str, object]:
    """The call's parameters; `chosen` says which model is to answer."""
    sampling = request.sampling
    fields: dict[str, object] = {
        **chosen,
        "n": turn.count,
        "max_tokens": request.max_tokens,
        "temperature": turn.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "seed": turn.seed % SEEDS,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if sampling.repeat_penalty != 1.0:
        # llama.cpp's and Ollama's word, and that of vLLM and TabbyAPI; each passes over the other.
        fields |= {"repeat_penalty": sampling.repeat_penalty, "repetition_penalty": sampling.repeat_penalty}
    if request.stop:
        fields["stop"] = list(request.stop)
    if request.prompt is not None:
        fields["prompt"] = request.prompt
    else:
        fields["messages"] = [{"role": each.role, "content": each.content} for each in request.messages]
    if request.schema is not None:
        fields["json_schema"] = dict(request.schema)
    if request.grammar is not None:
        fields["grammar"] = request.grammar
    return fields


def one_by_one(turn: Round, index: int) -> Round:
    """The call for a single candidate of a round, with the seed that belongs to it."""
    return Round(index, 1, turn.temperature, turn.seed + index - turn.first)


class Answer:
    """Gathers the candidates of one request from the events of its calls."""

    def __init__(self, request: GenerationRequest, on_token: OnToken) -> None:
        self.request = request
        self._on_token = on_token
        self._texts: list[list[str]] = [[] for _ in range(request.candidates)]
        self._ended: dict[int, FinishReason] = {}
        self._tokens: dict[int, int] = {}
        self._started = time.monotonic()
        self._first_token_s = 0.0
        self._prompt_tokens = 0
        self._cached_tokens = 0

    def take(self, event: Mapping[str, Any], turn: Round) -> None:
        """One event of the call for `turn`."""
        for choice in event.get("choices") or ():
            index = turn.first + int(choice.get("index") or 0)
            if piece := choice.get("text") or (choice.get("delta") or {}).get("content"):
                self._hear(index, str(piece))
            if reason := choice.get("finish_reason"):
                self._ended[index] = "length" if reason == "length" else "stop"
        if usage := event.get("usage"):
            self._count(usage, turn)

    def missing(self, turn: Round) -> list[int]:
        """The candidates of a round that the server has not even begun; raises EngineFailed for a half one."""
        open_ = [index for index in range(turn.first, turn.first + turn.count) if index not in self._ended]
        if any(self._texts[index] for index in open_) or len(open_) == turn.count:
            raise EngineFailed("the server's answer ended in the middle", remedy="Its own log may say why.")
        return open_

    def result(self) -> GenerationResult:
        """What has come; a candidate that has not ended was cancelled."""
        return GenerationResult(
            id=self.request.id,
            candidates=tuple(self._candidate(index) for index in range(self.request.candidates)),
            prompt_tokens=self._prompt_tokens,
            cached_tokens=self._cached_tokens,
            seconds=time.monotonic() - self._started,
            first_token_s=self._first_token_s,
        )

    def _candidate(self, index: int) -> Generated:
        pieces = self._texts[index]
        # Of several in one call servers tell the sum: then a piece is taken for a token.
        tokens = self._tokens.get(index, min(len(pieces), self.request.max_tokens))
        found = Generated(index, "".join(pieces), tokens, "cancelled")
        return replace(found, finish=self._ended[index]) if index in self._ended else found

    def _hear(self, index: int, piece: str) -> None:
        self._first_token_s = self._first_token_s or time.monotonic() - self._started
        self._texts[index].append(piece)
        self._on_token(self.request.id, index, piece)

    def _count(self, usage: Mapping[str, Any], turn: Round) -> None:
        if turn.count == 1:
            self._tokens[turn.first] = int(usage.get("completion_tokens") or 0)
        if not self._prompt_tokens:
            self._prompt_tokens = int(usage.get("prompt_tokens") or 0)
            details = usage.get("prompt_tokens_details") or {}
            self._cached_tokens = int(details.get("cached_tokens") or 0)
