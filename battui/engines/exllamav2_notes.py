"""What the generator's thread tells of a job, and how a request's candidates come of it."""

from __future__ import annotations

import queue
import time
from dataclasses import dataclass
from typing import Literal, TypeAlias

from battui.contracts.errors import BattuiError
from battui.contracts.generation import Generated, GenerationRequest, GenerationResult, OnToken
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
    started, first = time.monotonic(), 0.0
    texts: list[list[str]] = [[] for _ in range(request.candidates)]
    # The library lets a stop string pass that comes with the last token allowed.
    watches = [StopWatch(request.stop) for _ in range(request.candidates)]

    def utter(index: int, piece: str) -> None:
        nonlocal first
        if piece:
            first = first or time.monotonic() - started
            texts[index].append(piece)
            on_token(request.id, index, piece)

    ended: dict[int, Ended] = {}
    while len(ended) < request.candidates:
        match notes.get():
            case Said(index=index, text=text):
                utter(index, watches[index].feed(text))
            case Ended() as end:
                utter(end.index, watches[end.index].rest())
                ended[end.index] = end
            case Failed(error=error):
                raise error
    candidates = tuple(
        Generated(
            index,
            "".join(pieces),
            ended[index].tokens,
            "stop" if watches[index].stopped else ended[index].reason,
        )
        for index, pieces in enumerate(texts)
    )
    seconds = time.monotonic() - started
    return GenerationResult(request.id, candidates, tokens, ended[0].cached, seconds, first)
