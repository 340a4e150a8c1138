"""What the generator's thread tells of a job, and how a request's candidates come of it."""

from __future__ import annotations

import queue
from dataclasses import dataclass
from typing import Literal, TypeAlias

from battui.contracts.errors import BattuiError
from battui.contracts.generation import GenerationRequest, GenerationResult, OnToken
from battui.engines.gathering import Gathering
from battui.engines.stopping import StopWatch


@dataclass(frozen=True, slots=True)
class Said:
    """A piece of text of candidate `index`."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Candidate `index` has ended; no piece of it follows."""

    index: int
    reason: Literal["stop", "length", "cancelled"]
    tokens: int = 0
    cached: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """Candidate `index` will not end."""

    index: int
    error: BattuiError


Note: TypeAlias = Said | Ended | Failed


def gathered(
    request: GenerationRequest, notes: queue.SimpleQueue[Note], on_token: OnToken, tokens: int
) -> GenerationResult:
    """Wait until every candidate has ended; raises what one of them failed with."""
    gathering = Gathering(request, on_token)
    gathering.prompt_tokens = tokens
    # The library lets a stop string pass that comes with the last token allowed.
    watches = [StopWatch(request.stop) for _ in range(request.candidates)]
    while not gathering.is_whole:
        match notes.get():
            case Said(index=index, text=text):
                gathering.hear(index, watches[index].feed(text))
            case Ended(index=index) as ended:
                gathering.hear(index, watches[index].rest())
                gathering.end(index, "stop" if watches[index].stopped else ended.reason)
                gathering.count(index, ended.tokens)
                if index == 0:
                    gathering.cached_tokens = ended.cached
            case Failed(error=error):
                raise error
    return gathering.result()
