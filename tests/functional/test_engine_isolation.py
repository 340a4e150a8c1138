"""What the engine's process keeps to itself, and what is left of it: no port, no output, no orphan, no file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from battui.contracts.errors import EngineFailed
from battui.contracts.generation import ModelFiles
from battui.engines.frames import VERSION, error_from
from battui.engines.records import to_plain
from battui.kernel.inference.engine_process import EngineProcess
from battui.kernel.inference.inference import Inference
from battui.kernel.inference.scratch import Scratch
from tests.functional.engine_bench import OPTIONS, SLOW, alive, ask, running, script_in
from tests.functional.watched_terminal import written_on_terminal


@pytest.fixture
def script(tmp_path: Path) -> ModelFiles:
    return script_in(tmp_path)


async def test_shutdown_leaves_no_process_and_no_file(script: ModelFiles, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(scratch))
        async with trio.open_nursery() as nursery, running("scripted", script, tmp_path) as inference:
            await inference.describe()
            pid = inference.status.pid
            assert alive(pid)
            assert (tmp_path / "engine.log").stat().st_mode & 0o777 == 0o600
            assert list(scratch.iterdir())
            nursery.start_soon(_expect_the_end, inference)
            await trio.testing.wait_all_tasks_blocked(0.01)

    assert not alive(pid)
    assert not list(scratch.iterdir())


def test_what_a_killed_owner_left_is_swept_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    owner = (
        "import os; from battui.kernel.inference.scratch import Scratch; Scratch(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", owner], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
    foreign = tmp_path / "battui-without-a-lock"
    foreign.mkdir()
    assert len(list(tmp_path.iterdir())) == 2

    first, second = Scratch(), Scratch()

    assert set(tmp_path.iterdir()) == {first.path, second.path, foreign}
    first.remove()
    second.remove()
    assert set(tmp_path.iterdir()) == {foreign}


async def _expect_the_end(inference: Inference) -> None:
    with pytest.raises(EngineFailed, match="shut down"):
        await inference.generate(ask("long"))


@pytest.mark.parametrize("stuck", [False, True])
async def test_the_process_dies_with_its_parent(script: ModelFiles, tmp_path: Path, stuck: bool) -> None:
    """At work it sees the closed socket; stuck in a library it sees nothing, and the system ends it."""
    parent = await trio.lowlevel.open_process(
        [sys.executable, "-c", PARENT, "scripted", script.files["script.toml"], str(tmp_path)],
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    host = int(await parent.stdout.receive_some())
    pidfd = os.pidfd_open(host)
    try:
        if stuck:
            os.kill(host, signal.SIGSTOP)
        parent.kill()
        with trio.fail_after(10):
            await parent.wait()
            await trio.lowlevel.wait_readable(pidfd)
    finally:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        os.close(pidfd)


async def test_ctrl_c_is_not_for_the_engine(script: ModelFiles, tmp_path: Path) -> None:
    async with running("scripted", script, tmp_path) as inference:
        await inference.describe()
        pid = inference.status.pid
        assert pid is not None
        assert os.getsid(pid) == pid
        os.kill(pid, signal.SIGINT)

        assert (await inference.generate(ask("slow"))).candidates[0].text == SLOW
        assert inference.status.pid == pid


async def test_a_job_cancelled_at_once_does_not_run_on(script: ModelFiles, tmp_path: Path) -> None:
    """Its cancel may reach the host before the engine has heard of the job; nobody else would ever stop it."""
    process = EngineProcess(tmp_path / "engine.log")
    ended: list[int] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(process.pump)
        plain = {"model": to_plain(script), "options": to_plain(OPTIONS)}
        process.send("hello", version=VERSION, engine="scripted", **plain)
        with trio.fail_after(20):
            while len(ended) < 20:
                for frame in await process.receive() or ():
                    if frame["kind"] == "ready":
                        for job in range(20):
                            request = replace(ask("endless"), id=str(job), max_tokens=100_000)
                            process.send("generate", job=job, request=to_plain(request))
                            process.send("cancel", job=job)
                    if frame["kind"] == "done":
                        assert frame["result"]["candidates"][0]["finish"] == "cancelled"
                        ended.append(frame["job"])
        nursery.cancel_scope.cancel()
    assert await process.close(1) == "ended with status 0"
    assert sorted(ended) == list(range(20))


@pytest.mark.parametrize(
    ("version", "engine", "words"),
    [(VERSION + 1, "scripted", "another version"), (VERSION, "abacus", "abacus")],
)
async def test_a_hello_that_cannot_be_met_is_refused(
    script: ModelFiles, tmp_path: Path, version: int, engine: str, words: str
) -> None:
    process = EngineProcess(tmp_path / "engine.log")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(process.pump)
        plain = {"model": to_plain(script), "options": to_plain(OPTIONS)}
        process.send("hello", version=version, engine=engine, **plain)
        frames = await process.receive()
        nursery.cancel_scope.cancel()
    await process.close(1)
    assert frames is not None
    assert words in str(error_from(frames[0]["error"]))


@pytest.mark.model
async def test_no_port_is_opened(bundled_model: ModelFiles, tmp_path: Path) -> None:
    async with running("llama.cpp", bundled_model, tmp_path) as inference:
        await inference.generate(ask("hello", max_tokens=2))
        process = Path(f"/proc/{inference.status.pid}")
        own = {str(fd.readlink()) for fd in (process / "fd").iterdir()}

        assert own & _sockets(process / "net/unix", column=6)
        assert not own & (_sockets(process / "net/tcp", column=9) | _sockets(process / "net/tcp6", column=9))
        assert not own & (_sockets(process / "net/udp", column=9) | _sockets(process / "net/udp6", column=9))


def _sockets(table: Path, column: int) -> set[str]:
    """The sockets of one of the system's tables, in the words of /proc/PID/fd."""
    if not table.exists():
        return set()
    return {f"socket:[{line.split()[column]}]" for line in table.read_text().splitlines()[1:]}


@pytest.mark.model
def test_nothing_is_written_on_the_terminal(bundled_model: ModelFiles, tmp_path: Path) -> None:
    (model,) = bundled_model.files.values()
    assert written_on_terminal(PARENT, "llama.cpp", model, str(tmp_path), "noisy", seconds=60) == b""
    assert "grammar" in (tmp_path / "engine.log").read_text()


PARENT = """
import sys
from pathlib import Path
import trio
from battui.contracts.errors import Refused
from battui.contracts.generation import EngineOptions, GenerationRequest, ModelFiles
from battui.kernel.inference.inference import Inference

async def main(engine, model, folder, noisy=False):
    files = ModelFiles("model", "", {Path(model).name: model})
    options = EngineOptions(context=256, parallel=1)
    inference = Inference(engine, files, options, log_path=Path(folder) / "engine.log", announce=lambda _: None)
    async with trio.open_nursery() as nursery:
        await nursery.start(inference.run)
        await inference.describe()
        if not noisy:
            print(inference.status.pid, flush=True)
            await trio.sleep_forever()
        try:
            await inference.generate(GenerationRequest("job", prompt="a", grammar="root ::= ["))
        except Refused:
            nursery.cancel_scope.cancel()

trio.run(main, *sys.argv[1:])
"""
