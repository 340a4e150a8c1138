"""One request to llama.cpp: which calls it becomes, and how their chunks become candidates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

from battui.contracts.errors import BattuiError, EngineFailed, Refused
from battui.contracts.generation import (
    FinishReason,
    GenerationRequest,
    GenerationResult,
    OnToken,
)
from battui.engines.admission import too_long
from battui.engines.branching import ALTERNATIVES, NOWHERE, Beginning, Token, tokens_in
from battui.engines.gathering import Gathering, finish_of

ANY_SLOT = -1
RANDOM_SEED = 0xFFFFFFFF  # llama.cpp reads this one as "choose for me"


@dataclass(frozen=True, slots=True)
class Round:
    """Candidates that one call generates together: `count` of them from index `first`.

    They go on from `beginning`; with `looks_around`, the call tells what might have been said instead.
    """

    first: int
    count: int
    temperature: float
    seed: int
    beginning: Beginning = NOWHERE
    looks_around: bool = False


def rounds(request: GenerationRequest, parallel: int, index: int = 0) -> Iterator[Round]:
    """The calls for a request from candidate `index` on, one after the other, each of at most `parallel` candidates.

    The greedy first candidate goes alone and ahead: two calls at once would each work through the prompt in a slot
    of their own, while the second of two finds the slot of the first warm. Measured with 1275 tokens of prompt on one
    thread: 14.1 s in turn against 23.6 s at once when cold, and no difference when warm.
    """
    sampling = request.sampling
    if request.first_greedy and index == 0:
        yield Round(0, 1, 0.0, sampling.seed)
        index = 1
    while index < request.candidates:
        count = min(parallel, request.candidates - index)
        yield Round(index, count, sampling.temperature, sampling.seed + index)
        index += count


def body(
    request: GenerationRequest, prompt: str, turn: Round, adapters: Sequence[str] = (), slot: int = ANY_SLOT
) -> dict[str, object]:
    """The call's parameters in the words of llama.cpp's server, which has loaded `adapters` in this order."""
    fields: dict[str, object] = {
        "prompt": prompt + turn.beginning.text,
        "n": turn.count,
        "n_predict": request.max_tokens - turn.beginning.tokens,
        "temperature": turn.temperature,
        "top_p": request.sampling.top_p,
        "top_k": request.sampling.top_k,
        "repeat_penalty": request.sampling.repeat_penalty,
        "seed": turn.seed % RANDOM_SEED,
        "stop": list(request.stop),
        "cache_prompt": True,
        "id_slot": slot,
        "stream": True,
        "return_progress": True,  # a call to us after each batch of the prompt: that is where it can be cancelled
        # Always sent, and each with its scale: what is left out may be applied as it was loaded.
        "lora": [{"id": id_, "scale": _scale(request, name)} for id_, name in enumerate(adapters)],
    }
    if turn.looks_around:
        fields["logprobs"] = ALTERNATIVES
    if request.schema is not None:
        fields["json_schema"] = dict(request.schema)
    if request.grammar is not None:
        fields["grammar"] = request.grammar
    return fields


def _scale(request: GenerationRequest, adapter: str) -> float:
    return request.adapter.scale if request.adapter and request.adapter.name == adapter else 0.0


class Completion:
    """Gathers what llama.cpp streams for one request."""

    def __init__(
        self, request: GenerationRequest, on_token: OnToken, context: int, cancelled: Event | None = None
    ) -> None:
        self.cancelled = cancelled or Event()
        self.tokens: list[Token] = []
        self._gathering = Gathering(request, on_token)
        self._context = context
        self._error: BattuiError | None = None
        self._fault: Exception | None = None

    def listener(self, turn: Round) -> Callable[[Mapping[str, Any]], bool]:
        """The callback for one call; it answers True to cancel it, and keeps what went wrong for `finish`.

        `tokens` are from then on those of this call, if it looks around.
        """
        self.tokens = []
        self._gathering.hear(turn.first, turn.beginning.text)

        def heard(chunk: Mapping[str, Any]) -> bool:
            try:
                self._take(chunk, turn)
            except Exception as fault:  # an exception must not pass through llama.cpp's stack
                self._fault = fault
            return self.stopped

        return heard

    def end_at(self, count: int) -> None:
        """There will be no more than `count` candidates."""
        self._gathering.end_at(count)

    @property
    def stopped(self) -> bool:
        """Whether no further call is of use."""
        return self.cancelled.is_set() or self._error is not None or self._fault is not None

    def finish(self) -> GenerationResult:
        """The result; raises what was refused or went wrong on the way."""
        if problem := self._error or self._fault:
            raise problem
        if not self._gathering.is_whole and not self.cancelled.is_set():
            raise EngineFailed("llama.cpp ended without an answer")
        return self._gathering.result()

    def _take(self, chunk: Mapping[str, Any], turn: Round) -> None:
        if "error" in chunk:
            self._error = self._refusal(chunk["error"])
            return
        gathering = self._gathering
        if progress := chunk.get("prompt_progress"):
            gathering.prompt_tokens = gathering.prompt_tokens or int(progress["total"])
            if turn.first == 0:
                gathering.cached_tokens = max(gathering.cached_tokens, int(progress["cache"]))
        for choice in chunk.get("choices", ()):
            index = turn.first + int(choice["index"])
            self.tokens += tokens_in(choice)
            gathering.hear(index, choice.get("text") or "")
            if reason := choice.get("finish_reason"):
                self._end(index, finish_of(reason), chunk.get("usage", {}), turn.beginning.tokens)

    def _end(self, index: int, reason: FinishReason, usage: Mapping[str, Any], begun: int) -> None:
        gathering = self._gathering
        gathering.end(index, reason)
        gathering.count(index, begun + int(usage.get("completion_tokens", 0)))
        if not gathering.prompt_tokens:
            gathering.prompt_tokens = int(usage.get("prompt_tokens", 0))
            gathering.cached_tokens = int(usage.get("prompt_tokens_details", {}).get("cached_tokens", 0))

    def _refusal(self, error: Mapping[str, Any]) -> BattuiError:
        message = str(error.get("message", error))
        match error.get("type"):
            case "exceed_context_size_error":
                return too_long(int(error.get("n_prompt_tokens", 0)), self._context)
            case "invalid_request_error":
                return Refused(f"llama.cpp refused the request: {message}")
        return EngineFailed(f"llama.cpp failed: {message}")
