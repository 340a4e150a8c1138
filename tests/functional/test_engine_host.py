"""The engine's process under the kernel's supervision: real processes, real crashes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import trio

from battui.contracts.errors import EngineFailed, ModelUnavailable
from battui.contracts.generation import EngineOptions, EngineStatus, GenerationRequest, ModelFiles, Sampling
from battui.kernel.inference.inference import RestartRule
from tests.functional.engine_bench import SLOW, Watch, alive, ask, running, script_in


@pytest.fixture
def script(tmp_path: Path) -> ModelFiles:
    return script_in(tmp_path)


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
        await inference.describe()
        pid = inference.status.pid

        def swap(_job: str, _index: int, piece: str) -> None:
            if piece.startswith("one"):
                inference.use("scripted", ModelFiles("other", "", {"other.toml": str(other)}))

        result = await inference.generate(ask("slow"), swap)

        assert result.candidates[0].text == "from the other"
        assert inference.status.restarts == 0
        assert not alive(pid)


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
async def test_samples_differ_and_keep_their_order(bundled_model: ModelFiles, tmp_path: Path) -> None:
    request = GenerationRequest(
        "job", prompt="My favourite word is", candidates=5, max_tokens=8, sampling=Sampling(1.2, seed=1)
    )
    async with running("llama.cpp", bundled_model, tmp_path) as inference:
        result = await inference.generate(request)

    assert [candidate.index for candidate in result.candidates] == [0, 1, 2, 3, 4]
    assert len({candidate.text for candidate in result.candidates}) > 1
