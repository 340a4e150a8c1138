"""One request to an OpenAI-compatible server: its calls, and how their events become candidates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from battui.contracts.errors import EngineFailed
from battui.contracts.generation import GenerationRequest, GenerationResult, OnToken
from battui.engines.completion import Round
from battui.engines.gathering import Gathering, finish_of

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
        self._gathering = Gathering(request, on_token)

    def take(self, event: Mapping[str, Any], turn: Round) -> None:
        """One event of the call for `turn`."""
        for choice in event.get("choices") or ():
            index = turn.first + int(choice.get("index") or 0)
            piece = choice.get("text") or (choice.get("delta") or {}).get("content")
            self._gathering.hear(index, str(piece or ""))
            if reason := choice.get("finish_reason"):
                self._gathering.end(index, finish_of(reason))
        if usage := event.get("usage"):
            self._count(usage, turn)

    def missing(self, turn: Round) -> list[int]:
        """The candidates of a round that the server has not even begun; raises EngineFailed for a half one."""
        round_ = range(turn.first, turn.first + turn.count)
        open_ = [index for index in round_ if not self._gathering.has_ended(index)]
        if any(map(self._gathering.has_text, open_)) or len(open_) == turn.count:
            raise EngineFailed("the server's answer ended in the middle", remedy="Its own log may say why.")
        return open_

    def result(self) -> GenerationResult:
        """What has come; a candidate that has not ended was cancelled."""
        return self._gathering.result()

    def _count(self, usage: Mapping[str, Any], turn: Round) -> None:
        gathering = self._gathering
        if turn.count == 1:  # of several in one call servers tell the sum
            gathering.count(turn.first, int(usage.get("completion_tokens") or 0))
        if not gathering.prompt_tokens:
            gathering.prompt_tokens = int(usage.get("prompt_tokens") or 0)
            details = usage.get("prompt_tokens_details") or {}
            gathering.cached_tokens = int(details.get("cached_tokens") or 0)
