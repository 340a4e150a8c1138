"""An engine's process at work, with a script for whatever may happen to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from battui.contracts.generation import EngineOptions, EngineStatus, GenerationRequest, ModelFiles
from battui.kernel.inference.engine_session import Patience
from battui.kernel.inference.inference import Inference, RestartRule

QUICK = Patience(silence_s=2.5, load_s=30, grace_s=2)
OPTIONS = EngineOptions(context=512, parallel=2)
SLOW = "one two three four five six seven eight nine ten eleven twelve"
SCRIPT = f"""
[[rules]]
match = "slow"
answers = ["{SLOW}"]
delay = 0.05

[[rules]]
match = "crash once"
answers = ["{SLOW}"]
after = 3
crash = true
once = "FOLDER/crashed"

[[rules]]
match = "crash always"
answers = ["{SLOW}"]
after = 3
crash = true

[[rules]]
match = "hang once"
answers = ["{SLOW}"]
after = 3
hang = true
once = "FOLDER/hung"

[[rules]]
match = "endless"
answers = ["{"word " * 5000}"]
delay = 0.01

[[rules]]
match = "long"
answers = ["{SLOW}"]
delay = 60

[[rules]]
match = "hello"
answers = ["hello yourself"]
"""


def ask(prompt: str, **fields: int) -> GenerationRequest:
    return GenerationRequest("job", prompt=prompt, **fields)  # type: ignore[arg-type]


def script_in(folder: Path) -> ModelFiles:
    """The script as a model's file; what happens once is remembered in `folder`."""
    path = folder / "script.toml"
    path.write_text(SCRIPT.replace("FOLDER", str(folder)))
    return ModelFiles(name="script", sha256="", files={path.name: str(path)})


class Watch:
    """Remembers every status, and wakes whoever waits for one."""

    def __init__(self) -> None:
        self.seen: list[EngineStatus] = []
        self._changed = trio.Event()

    def __call__(self, status: EngineStatus) -> None:
        self.seen.append(status)
        self._changed.set()
        self._changed = trio.Event()

    async def until(self, wanted: Callable[[EngineStatus], bool]) -> EngineStatus:
        while not (self.seen and wanted(self.seen[-1])):
            await self._changed.wait()
        return self.seen[-1]


@asynccontextmanager
async def running(
    engine: str,
    model: ModelFiles | None,
    folder: Path,
    *,
    announce: Callable[[EngineStatus], None] = lambda _: None,
    restarts: RestartRule | None = None,
    options: EngineOptions = OPTIONS,
) -> AsyncIterator[Inference]:
    """An Inference at work; on leaving, its process is gone."""
    inference = Inference(
        engine,
        model,
        options,
        log_path=folder / "engine.log",
        announce=announce,
        patience=QUICK,
        restarts=restarts,
    )
    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            await nursery.start(inference.run)
            yield inference
            nursery.cancel_scope.cancel()


def alive(pid: int | None) -> bool:
    return pid is not None and Path(f"/proc/{pid}").exists()
