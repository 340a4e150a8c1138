"""The supervised engine process: jobs in, candidates out."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import trio

from battui.contracts.errors import BattuiError, EngineFailed, ModelUnavailable
from battui.contracts.generation import (
    EngineDescription,
    EngineOptions,
    EngineState,
    EngineStatus,
    GenerationRequest,
    GenerationResult,
    ModelFiles,
    OnToken,
)
from battui.kernel.inference.engine_session import EngineSession, Patience, SessionLost
from battui.kernel.inference.loadout import Loadout, WholeLoadout
from battui.kernel.measures.metrics import Usage

Answer = TypeVar("Answer")

ATTEMPTS = 2
NO_ENGINE = "No engine is chosen. Start battui with --engine llama.cpp"
NO_MODEL = "No model is in this image. Run: battui model pull smollm2-135m"
ON_DEMAND = "It starts when something has to be thought about."


@dataclass(frozen=True, slots=True)
class RestartRule:
    """When the process is started again: after `backoff_s`, doubled each time, until `failures` fall `within_s`."""

    failures: int = 5
    within_s: float = 60.0
    backoff_s: float = 0.1
    longest_backoff_s: float = 10.0


class Inference:
    """Keeps one engine process alive and hands it the kernel's requests.

    `run` is the owner's nursery task; everything else may be called from any task of the same Trio run. `announce`
    is called, in that run, with every change of status. `on_demand`: no process before the first request.
    """

    def __init__(
        self,
        engine: str,
        model: ModelFiles | None,
        options: EngineOptions,
        *,
        log_path: Path,
        announce: Callable[[EngineStatus], None],
        patience: Patience | None = None,
        restarts: RestartRule | None = None,
        loadout: Loadout | None = None,
        on_demand: bool = False,
    ) -> None:
        self._options = options
        self._wanted = not on_demand
        self._loadout = loadout or WholeLoadout()
        self._log_path = log_path
        self._announce = announce
        self._patience = patience or Patience()
        self._rule = restarts or RestartRule()
        self._engine = engine
        self._model = model
        self._restarts = 0
        self._status = self._initial()
        self._changed = trio.Event()
        self._crashes: deque[float] = deque()
        self._problem: BattuiError | None = None
        self._session: EngineSession | None = None
        self._life = trio.CancelScope()
        self.usage = Usage()
        """What was generated so far."""

    @property
    def status(self) -> EngineStatus:
        """How the engine is now."""
        return self._status

    @property
    def begun(self) -> bool:
        """Whether a process was wanted yet."""
        return self._wanted

    @property
    def model(self) -> ModelFiles | None:
        """The model in use, with its adapters."""
        return self._model

    def use(self, engine: str, model: ModelFiles | None) -> None:
        """Go on with another engine or model (None: with none). What is in flight is done again by the new one."""
        self._engine, self._model = engine, model
        self._crashes.clear()
        self._problem = None
        if self._session is not None:
            self._session.replaced = True
            self._session = None
        self._turn(self._initial())
        self._life.cancel()

    async def generate(self, request: GenerationRequest, on_token: OnToken | None = None) -> GenerationResult:
        """Have a request answered; waits while the engine loads. Cancelling the caller cancels the job.

        A job that was in flight when the process crashed is done again once; its pieces then begin anew, and only
        the result counts. Raises ModelUnavailable where no model is chosen, EngineFailed where the process keeps
        failing, Refused where the request cannot be met.
        """
        async with self._loadout.turn(request.adapter.name if request.adapter else ""):
            return await self._served(lambda session: self._generated(session, request, on_token))

    async def count_tokens(self, text: str) -> int:
        """How many tokens the model sees in `text`; waits and raises as `generate` does."""
        return await self._served(lambda session: session.count_tokens(text))

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector for each text; waits and raises as `generate` does."""
        return await self._served(lambda session: session.embed(texts))

    async def describe(self) -> EngineDescription:
        """What the engine is and can do, once it is ready; waits and raises as `generate` does."""
        await self._ready()
        assert self._status.description is not None
        return self._status.description

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the process alive until cancelled; then nothing of it is left."""
        task_status.started()
        try:
            while True:
                if not self._wanted or self._status.state in ("absent", "failed"):
                    await self._changed.wait()
                else:
                    await self._live()
        finally:
            self._problem = EngineFailed("the engine has been shut down")
            if self._wanted:
                self._turn(EngineStatus("absent", "The engine has been shut down."))

    async def _live(self) -> None:
        """One life of the process. It ends by a crash, a hang or a refusal, or when `use` or the owner cancels."""
        with trio.CancelScope() as self._life:
            await trio.sleep(self._backoff())
            try:
                reason = await self._serve()
            except BattuiError as error:
                if not self._life.cancel_called and not self._loadout.failed(error):
                    self._give_up(error)
                return
            if not self._life.cancel_called:
                self._crashed(reason)

    async def _serve(self) -> str:
        """Run one process to its end and say why it ended; raises the error with which it refused to load."""
        assert self._model is not None
        model = await self._loadout.choose(self._engine, self._model)
        session = EngineSession(self._log_path, self._patience, self._loading, self._is_ready)
        self._session = session
        self._turn(self._like("loading", pid=session.pid))
        try:
            reason = await session.run(self._engine, model, self._options)
        finally:
            if self._session is session:  # else `use` has already put it aside
                self._session = None
            session.lose_jobs()
        if session.refusal is not None:
            raise session.refusal
        return reason

    def _crashed(self, reason: str) -> None:
        if self._status.state != "ready":
            self._loadout.failed(None)
        now = trio.current_time()
        self._crashes.append(now)
        while now - self._crashes[0] > self._rule.within_s:
            self._crashes.popleft()
        if len(self._crashes) >= self._rule.failures:
            what = f"the engine's process {reason}, {len(self._crashes)} times in a row"
            self._give_up(EngineFailed(what, remedy=self._see_log()))
        else:
            self._restarts += 1
            self._turn(self._like("starting", message=f"The engine's process {reason}; it is started again."))

    def _give_up(self, error: BattuiError) -> None:
        self._problem = error
        self._turn(self._like("failed", message=str(error)))

    def _backoff(self) -> float:
        if not self._crashes:
            return 0.0
        wait: float = self._rule.backoff_s * 2.0 ** (len(self._crashes) - 1)
        return min(self._rule.longest_backoff_s, wait)

    def _loading(self, progress: float) -> None:
        self._turn(self._like("loading", pid=self._status.pid, progress=progress))

    def _is_ready(self, description: EngineDescription) -> None:
        remark = self._loadout.loaded()
        ready = {"pid": self._status.pid, "progress": 1.0, "description": description}
        self._turn(self._like("ready", message=remark, **ready))

    async def _served(self, ask: Callable[[EngineSession], Awaitable[Answer]]) -> Answer:
        """Ask the process that is ready, and once more where it crashed meanwhile."""
        crashes = 0
        while True:
            session = await self._ready()
            try:
                return await ask(session)
            except SessionLost:
                crashes += not session.replaced
            if crashes == ATTEMPTS:
                raise EngineFailed(
                    "the engine's process ended twice while it worked on this", remedy=self._see_log()
                )

    async def _generated(
        self, session: EngineSession, request: GenerationRequest, on_token: OnToken | None
    ) -> GenerationResult:
        with self.usage.working():
            result = await session.generate(request, on_token)
        self.usage.add(result)
        return result

    async def _ready(self) -> EngineSession:
        while True:
            if self._problem is not None:
                raise _again(self._problem)
            if self._status.state == "absent":
                raise ModelUnavailable(self._status.message.rstrip("."), about="the engine")
            if self._status.state == "ready" and self._session is not None:
                return self._session
            if self._wanted:
                await self._changed.wait()
            else:
                self._wanted = True
                self._turn(self._initial())

    def _initial(self) -> EngineStatus:
        if self._engine == "none":
            return EngineStatus("absent", NO_ENGINE)
        if self._model is None:
            return EngineStatus("absent", NO_MODEL)
        return self._like("starting", message="" if self._wanted else ON_DEMAND)

    def _like(self, state: EngineState, **fields: Any) -> EngineStatus:
        return EngineStatus(state, restarts=self._restarts, **fields)

    def _turn(self, status: EngineStatus) -> None:
        """Take on a new status and wake whoever waits for one."""
        self._status = status
        self._changed.set()
        self._changed = trio.Event()
        self._announce(status)

    def _see_log(self) -> str:
        return f"Its log says why: {self._log_path}"


def _again(error: BattuiError) -> BattuiError:
    """A fresh copy, for an exception that is raised twice gathers the tracebacks of both."""
    return type(error)(error.what, about=error.about, remedy=error.remedy)
