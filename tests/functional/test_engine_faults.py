"""The engine's process is killed, hangs, or runs out of memory: missions finish, and the terminal stays clean."""

from __future__ import annotations

import json
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from battui.contracts.commands import ShowStatus
from battui.contracts.generation import ModelFiles
from battui.contracts.replies import KernelStatus
from tests.functional.conftest import BODIES, Life, Live, script_of
from tests.functional.engine_bench import alive, ask, running
from tests.functional.test_main_job import MAKE, TEACH
from tests.functional.watched_terminal import written_on_terminal

Scripted = Callable[[str], Path]


def faulty(kind: str, once: Path) -> str:
    """A script whose first method ends (or stops) the process in mid-word, once."""
    answers = json.dumps(BODIES["def deposit_"])
    rule = f"[[rules]]\nmatch = 'def deposit_'\nanswers = {answers}\nafter = 2\n{kind} = true\n"
    return script_of({}, extra=f"{rule}once = {json.dumps(str(once))}\n")


async def learned(life: Life) -> None:
    """The message is learned, by a mission that went through once."""
    await life.line(MAKE)
    assert (await life.line(TEACH)).mission == "m1"
    assert (await life.line("account.balance")).value == 150
    assert (await life.mission("m1")).state == "COMPLETE"


@pytest.mark.parametrize("kind", ["crash", "hang"])
async def test_a_mission_outlives_a_fault_in_mid_generation(
    scripted_image: Scripted, live: Live, tmp_path: Path, kind: str
) -> None:
    once = tmp_path / kind
    async with live(scripted_image(faulty(kind, once))) as life:
        await learned(life)
        assert once.exists()


async def test_a_mission_outlives_a_process_that_dies_whenever_it_is_up(
    scripted_image: Scripted, live: Live
) -> None:
    """Killed again and again, also while nothing is asked of it; the kernel starts it anew each time."""
    async with live(scripted_image(script_of(BODIES))) as life:
        for _ in range(2):
            ready = await next_ready(life)
            os.kill(ready, signal.SIGKILL)
        await learned(life)


async def next_ready(life: Life) -> int:
    """The process of the engine, once it is ready and not one that was seen before."""
    seen = len(life.events)
    while True:
        reply = await life.submit(ShowStatus())
        assert isinstance(reply, KernelStatus)
        pid = reply.engine.pid
        if reply.engine.state == "ready" and pid is not None and alive(pid):
            return pid
        while len(life.events) == seen:
            await life.told.wait()
        seen = len(life.events)


def limit_memory(pid: int) -> None:
    """Take the room to grow from a process: what it wants to map from now on, it does not get."""
    taken = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
    resource.prlimit(pid, resource.RLIMIT_AS, (taken, taken))


async def test_what_ran_out_of_memory_says_so_and_is_done_again(
    scripted_image: Scripted, live: Live, tmp_path: Path
) -> None:
    async with live(scripted_image(faulty("exhaust", tmp_path / "once"))) as life:
        await learned(life)
        told = await life.until(lambda event: event.kind == "engine" and "memory" in event.text)
        assert told.data["state"] == "starting"


@pytest.mark.model
async def test_a_real_engine_without_room_to_grow_answers_or_is_started_again(
    bundled_model: ModelFiles, tmp_path: Path
) -> None:
    """Whether it needs more than it has is the library's affair; that nobody waits for ever is ours."""
    async with running("llama.cpp", bundled_model, tmp_path) as inference:
        await inference.describe()
        assert inference.status.pid is not None
        limit_memory(inference.status.pid)
        for _ in range(3):
            result = await inference.generate(ask("word " * 300, max_tokens=4))
            assert result.candidates[0].tokens > 0


@pytest.mark.model
@pytest.mark.parametrize("fault", ["kill", "memory"])
def test_a_fault_writes_nothing_on_the_terminal(
    bundled_model: ModelFiles, tmp_path: Path, fault: str
) -> None:
    (model,) = bundled_model.files.values()
    assert written_on_terminal(FAULTS, model, str(tmp_path), fault, seconds=100) == b""


FAULTS = """
import os, signal, sys
from pathlib import Path
import trio
from battui.contracts.generation import EngineOptions, GenerationRequest, ModelFiles
from battui.kernel.inference.inference import Inference
from tests.functional.test_engine_faults import limit_memory

async def main(model, folder, fault):
    files = ModelFiles("model", "", {Path(model).name: model})
    options = EngineOptions(context=256, parallel=1)
    log = Path(folder) / "engine.log"
    inference = Inference("llama.cpp", files, options, log_path=log, announce=lambda _: None)
    async with trio.open_nursery() as nursery:
        await nursery.start(inference.run)
        await inference.describe()
        limit_memory(inference.status.pid)
        if fault == "kill":
            os.kill(inference.status.pid, signal.SIGKILL)
        for _ in range(2):
            await inference.generate(GenerationRequest("job", prompt="One two " * 60, max_tokens=2))
        nursery.cancel_scope.cancel()

trio.run(main, *sys.argv[1:])
"""
