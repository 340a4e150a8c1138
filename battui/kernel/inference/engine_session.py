"""One conversation with the engine's process, from its start to its end: jobs out, tokens and results back."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import trio

from battui.contracts.errors import BattuiError
from battui.contracts.generation import (
    EngineDescription,
    EngineOptions,
    GenerationRequest,
    GenerationResult,
    ModelFiles,
    OnToken,
)
from battui.engines.frames import VERSION, Frame, FrameError, error_from
from battui.engines.records import NotARecord, from_plain, to_plain
from battui.kernel.inference.engine_process import EngineProcess

MALFORMED = (FrameError, NotARecord, KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the kernel waits for the engine's process before it ends it, in seconds.

    The host beats every second. While it loads it may be silent: the library holds Python's lock meanwhile.
    """

    silence_s: float = 10.0
    load_s: float = 600.0
    grace_s: float = 2.0


class SessionLost(Exception):
    """The process is gone, and the job with it."""


class EngineSession:
    """Serves jobs with one process; `loading` and `ready` are called as it gets on.

    `replaced` says that it is ended on purpose: jobs lost with it have not failed.
    """

    def __init__(
        self,
        log_path: Path,
        patience: Patience,
        loading: Callable[[float], None],
        ready: Callable[[EngineDescription], None],
    ) -> None:
        self._process = EngineProcess(log_path)
        self._patience = patience
        self._loading = loading
        self._ready = ready
        self._is_ready = False
        self._numbers = count(1)
        self._jobs: dict[int, trio.MemorySendChannel[Frame]] = {}
        self.pid = self._process.pid
        self.refusal: BattuiError | None = None
        self.replaced = False

    async def run(self, engine: str, model: ModelFiles, options: EngineOptions) -> str:
        """Load, then serve until the process ends or is ended; say why. `refusal` is set where it refused to load."""
        reason = ""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._process.pump)
                plain = {"model": to_plain(model), "options": to_plain(options)}
                self._process.send("hello", version=VERSION, engine=engine, **plain)
                reason = await self._listen()
                nursery.cancel_scope.cancel()
        finally:
            ending = await self._process.close(self._patience.grace_s)
        return reason or ending

    def lose_jobs(self) -> None:
        """Wake everybody who waits for this process: there will be no answer."""
        for job in self._jobs.values():
            job.close()

    async def generate(self, request: GenerationRequest, on_token: OnToken | None) -> GenerationResult:
        """Have one request answered. Raises SessionLost, or what the engine refused it with."""
        number, answers = self._open()
        try:
            self._process.send("generate", job=number, request=to_plain(replace(request, id=str(number))))
            async for frame in answers:
                if frame["kind"] == "done":
                    return replace(from_plain(GenerationResult, frame["result"]), id=request.id)
                _pass_on(frame, request.id, on_token)
            raise SessionLost
        finally:
            self._close(number)

    async def count_tokens(self, text: str) -> int:
        """How many tokens the model sees in `text`. Raises SessionLost."""
        number, answers = self._open()
        try:
            self._process.send("count", job=number, text=text)
            async for frame in answers:
                _pass_on(frame, "", None)
                return int(frame["tokens"])
            raise SessionLost
        finally:
            self._close(number)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector for each text. Raises SessionLost, or what the engine refused it with."""
        number, answers = self._open()
        try:
            self._process.send("embed", job=number, texts=list(texts))
            async for frame in answers:
                _pass_on(frame, "", None)
                return [array("f", vector).tolist() for vector in frame["vectors"]]
            raise SessionLost
        finally:
            self._close(number)

    def _open(self) -> tuple[int, trio.MemoryReceiveChannel[Frame]]:
        number = next(self._numbers)
        # Unbounded: the host sends some twenty frames a second for a job, and one slow listener must not stop others.
        self._jobs[number], answers = trio.open_memory_channel[Frame](float("inf"))
        return number, answers

    def _close(self, number: int) -> None:
        del self._jobs[number]
        self._process.send("cancel", job=number)  # of no effect where the job has ended

    async def _listen(self) -> str:
        """Take frames until there are no more; the reason where it is ours to end the process."""
        while self.refusal is None:
            limit = self._patience.silence_s if self._is_ready else self._patience.load_s
            with trio.move_on_after(limit) as waiting:
                try:
                    frames = await self._process.receive()
                    if frames is None:
                        return ""
                    for frame in frames:
                        self._take(frame)
                except MALFORMED as error:
                    return f"sent a malformed frame ({error})"
            if waiting.cancelled_caught:
                return f"was silent for {limit:g} s"
        return ""

    def _take(self, frame: Frame) -> None:
        match frame["kind"]:
            case "loading":
                self._loading(float(frame["progress"]))
            case "ready":
                self._is_ready = True
                self._ready(from_plain(EngineDescription, frame["description"]))
            case "refused" if "job" not in frame:
                self.refusal = error_from(frame["error"])
            case "tokens" | "done" | "counted" | "embedded" | "refused":
                if job := self._jobs.get(frame["job"]):
                    with suppress(trio.BrokenResourceError):
                        job.send_nowait(frame)


def _pass_on(frame: dict[str, Any], request_id: str, on_token: OnToken | None) -> None:
    """Raise what the host refused, or hand its pieces of text to the listener."""
    if frame["kind"] == "refused":
        raise error_from(frame["error"])
    if frame["kind"] == "tokens" and on_token is not None:
        for index, piece in frame["pieces"]:
            on_token(request_id, int(index), str(piece))
