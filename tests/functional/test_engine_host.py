"""The engine's process under the kernel's supervision: real processes, real crashes."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from battui.contracts.errors import EngineFailed, ModelUnavailable
from battui.contracts.generation import EngineOptions, EngineStatus, GenerationRequest, ModelFiles, Sampling
from battui.kernel.engine_session import Patience
from battui.kernel.inference import Inference, RestartRule

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
match = "long"
answers = ["{SLOW}"]
delay = 60

[[rules]]
match = "hello"
answers = ["hello yourself"]
"""


def ask(prompt: str, **fields: int) -> GenerationRequest:
    return GenerationRequest("job", prompt=prompt, **fields)  # type: ignore[arg-type]


@pytest.fixture
def script(tmp_path: Path) -> ModelFiles:
    path = tmp_path / "script.toml"
    path.write_text(SCRIPT.replace("FOLDER", str(tmp_path)))
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


async def test_a_job_is_answered_and_streamed(script: ModelFiles, tmp_path: Path) -> None:
    pieces: list[tuple[str, int, str]] = []
    async with running("scripted", script, tmp_path) as inference:
        result = await inference.generate(ask("slow"), lambda *piece: pieces.append(piece))

        assert inference.status.state == "ready"
        assert await inference.count_tokens("one two") == 2
        assert (await inference.describe()).model == "script"
    assert result.id == "job"
    assert result.candidates[0].text == "".join(text for _, _, text in pieces) == SLOW
    assert {(job, index) for job, index, _ in pieces} == {("job", 0)}
    assert len(pieces) > 3


async def test_after_kill_9_the_job_is_done_again(script: ModelFiles, tmp_path: Path) -> None:
    killed: list[int] = []
    async with running("scripted", script, tmp_path) as inference:

        def kill_once(_job: str, _index: int, _piece: str) -> None:
            if not killed and inference.status.pid is not None:
                killed.append(inference.status.pid)
                os.kill(inference.status.pid, signal.SIGKILL)

        result = await inference.generate(ask("slow"), kill_once)

        assert result.candidates[0].text == SLOW
        assert inference.status.restarts == 1
        assert inference.status.pid not in killed


async def test_a_crash_costs_others_nothing_but_time(script: ModelFiles, tmp_path: Path) -> None:
    answers: list[str] = []
    async with running("scripted", script, tmp_path) as inference:

        async def generate(prompt: str) -> None:
            answers.append((await inference.generate(ask(prompt))).candidates[0].text)

        async with trio.open_nursery() as nursery:
            for prompt in ("slow", "crash once", "slow"):
                nursery.start_soon(generate, prompt)
    assert answers == [SLOW] * 3


async def test_a_job_that_crashes_it_twice_fails_and_names_the_log(
    script: ModelFiles, tmp_path: Path
) -> None:
    async with running("scripted", script, tmp_path) as inference:
        with pytest.raises(EngineFailed, match="twice") as caught:
            await inference.generate(ask("crash always"))

        assert str(tmp_path / "engine.log") in str(caught.value)
        assert (await inference.generate(ask("hello"))).candidates[0].text == "hello yourself"
    assert "Fatal Python error: Aborted" in (tmp_path / "engine.log").read_text()


async def test_a_process_that_hangs_is_ended_and_started_again(script: ModelFiles, tmp_path: Path) -> None:
    watch = Watch()
    async with running("scripted", script, tmp_path, announce=watch) as inference:
        result = await inference.generate(ask("hang once"))

    assert result.candidates[0].text == SLOW
    assert any("silent" in status.message for status in watch.seen)


async def test_a_process_that_keeps_ending_is_given_up(script: ModelFiles, tmp_path: Path) -> None:
    deaths: set[int] = set()

    def kill_at_start(status: EngineStatus) -> None:
        if (
            status.state == "loading"
            and status.pid not in deaths
            and status.pid is not None
            and len(deaths) < 3
        ):
            deaths.add(status.pid)
            os.kill(status.pid, signal.SIGKILL)

    async with running(
        "scripted", script, tmp_path, announce=kill_at_start, restarts=RestartRule(failures=3)
    ) as inference:
        with pytest.raises(EngineFailed, match="SIGKILL, 3 times"):
            await inference.generate(ask("hello"))
        assert inference.status.state == "failed"
        assert not any(alive(pid) for pid in deaths)

        inference.use("scripted", script)

        assert (await inference.generate(ask("hello"))).candidates[0].text == "hello yourself"


async def test_a_file_that_is_no_model_is_told_at_once_and_another_heals(
    script: ModelFiles, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"not a model" * 1000)
    async with running("llama.cpp", ModelFiles("bad", "", {"bad.gguf": str(bad)}), tmp_path) as inference:
        with pytest.raises(ModelUnavailable, match=r"bad\.gguf: this is no GGUF file"):
            await inference.generate(ask("hello"))
        assert inference.status.state == "failed"
        assert inference.status.restarts == 0

        inference.use("scripted", script)

        assert (await inference.generate(ask("hello"))).candidates[0].text == "hello yourself"


@pytest.mark.parametrize(("engine", "words"), [("none", "No engine"), ("scripted", "battui model pull")])
async def test_without_a_model_it_is_absent_until_one_comes(
    script: ModelFiles, tmp_path: Path, engine: str, words: str
) -> None:
    async with running(engine, None, tmp_path) as inference:
        assert inference.status.state == "absent"
        with pytest.raises(ModelUnavailable, match=words):
            await inference.generate(ask("hello"))

        inference.use("scripted", script)

        assert (await inference.generate(ask("hello"))).candidates[0].text == "hello yourself"


async def test_an_unknown_engine_is_told(script: ModelFiles, tmp_path: Path) -> None:
    async with running("abacus", script, tmp_path) as inference:
        with pytest.raises(EngineFailed, match="abacus"):
            await inference.generate(ask("hello"))


async def test_a_job_in_flight_moves_to_the_new_model(script: ModelFiles, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('[[rules]]\nanswers = ["from the other"]\n')
    async with running("scripted", script, tmp_path) as inference:
        pid = (await inference.describe()) and inference.status.pid

        def swap(_job: str, _index: int, piece: str) -> None:
            if piece.startswith("one"):
                inference.use("scripted", ModelFiles("other", "", {"other.toml": str(other)}))

        result = await inference.generate(ask("slow"), swap)

        assert result.candidates[0].text == "from the other"
        assert inference.status.restarts == 0
        assert not alive(pid)


async def test_shutdown_leaves_no_process_and_no_file(script: ModelFiles, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(scratch))
        async with trio.open_nursery() as nursery, running("scripted", script, tmp_path) as inference:
            await inference.describe()
            pid = inference.status.pid
            assert alive(pid)
            assert list(scratch.iterdir())
            nursery.start_soon(_expect_the_end, inference)
            await trio.testing.wait_all_tasks_blocked(0.01)

    assert not alive(pid)
    assert not list(scratch.iterdir())


async def _expect_the_end(inference: Inference) -> None:
    with pytest.raises(EngineFailed, match="shut down"):
        await inference.generate(ask("long"))


async def test_the_process_dies_with_its_parent(script: ModelFiles, tmp_path: Path) -> None:
    parent = await trio.lowlevel.open_process(
        [sys.executable, "-c", PARENT, "scripted", script.files["script.toml"], str(tmp_path)],
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    host = int(await parent.stdout.receive_some())
    pidfd = os.pidfd_open(host)
    try:
        parent.kill()
        with trio.fail_after(10):
            await parent.wait()
            await trio.lowlevel.wait_readable(pidfd)
    finally:
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


@pytest.mark.model
async def test_llama_cpp_survives_kill_9(bundled_model: ModelFiles, tmp_path: Path) -> None:
    killed: list[int] = []
    async with running("llama.cpp", bundled_model, tmp_path) as inference:

        def kill_once(_job: str, _index: int, _piece: str) -> None:
            if not killed and inference.status.pid is not None:
                killed.append(inference.status.pid)
                os.kill(inference.status.pid, signal.SIGKILL)

        result = await inference.generate(ask("1 2 3 4 5 6", max_tokens=40), kill_once)

        assert result.candidates[0].text.startswith(" 7 8")
        assert inference.status.restarts == 1


@pytest.mark.model
async def test_cancelling_the_caller_frees_the_slot(bundled_model: ModelFiles, tmp_path: Path) -> None:
    endless = GenerationRequest("endless", prompt="a b", max_tokens=10_000, grammar='root ::= "ab"+')
    options = EngineOptions(context=8192, parallel=2)
    async with running("llama.cpp", bundled_model, tmp_path, options=options) as inference:
        async with trio.open_nursery() as nursery:
            started = [trio.Event() for _ in range(options.parallel)]
            for event in started:
                nursery.start_soon(inference.generate, endless, lambda *_, event=event: event.set())
            for event in started:
                await event.wait()
            nursery.cancel_scope.cancel()
        with trio.fail_after(10):  # unless they were cancelled, both slots are taken for minutes
            result = await inference.generate(ask("1 2 3 4 5 6", max_tokens=4))

        assert result.candidates[0].text.startswith(" 7 8")


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
async def test_samples_differ_and_keep_their_order(bundled_model: ModelFiles, tmp_path: Path) -> None:
    request = GenerationRequest(
        "job", prompt="My favourite word is", candidates=5, max_tokens=8, sampling=Sampling(1.2, seed=1)
    )
    async with running("llama.cpp", bundled_model, tmp_path) as inference:
        result = await inference.generate(request)

    assert [candidate.index for candidate in result.candidates] == [0, 1, 2, 3, 4]
    assert len({candidate.text for candidate in result.candidates}) > 1


@pytest.mark.model
def test_nothing_is_written_on_the_terminal(bundled_model: ModelFiles, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    (model,) = bundled_model.files.values()
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, "llama.cpp", model, str(tmp_path), "noisy"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        assert parent.wait(60) == 0
        written = os.read(ours, 4096) if select.select([ours], [], [], 0)[0] else b""
    except OSError:  # the terminal's last writer has gone, and it wrote nothing
        written = b""
    finally:
        parent.kill()
        os.close(ours)
    assert written == b""
    assert "grammar" in (tmp_path / "engine.log").read_text()


PARENT = """
import sys
from pathlib import Path
import trio
from battui.contracts.errors import Refused
from battui.contracts.generation import EngineOptions, GenerationRequest, ModelFiles
from battui.kernel.inference import Inference

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
