"""The memory of experts at a real engine's process: tiers, budgets, orderly swaps, and adapters that are no good."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from battui.contracts.errors import Refused
from battui.contracts.generation import EngineOptions, ModelFiles
from battui.engines.peft import WEIGHTS
from tests.functional.engine_bench import alive
from tests.functional.memory_bench import WORDS, remembering, scripted, weight
from tests.peft_adapters import header_of, make_adapter


def damaged(model: ModelFiles, name: str) -> ModelFiles:
    """The model with one adapter whose weights have lost their end."""
    (adapter,) = [each for each in model.adapters if each.name == name]
    path = Path(adapter.files[WEIGHTS])
    path.write_bytes(path.read_bytes()[:-2])
    return model


async def test_what_fits_is_hot_from_the_start(tmp_path: Path) -> None:
    async with remembering(scripted(tmp_path, "poet", "clerk"), tmp_path) as bench:
        assert await bench.hot() == {"poet", "clerk"}
        pid = bench.inference.status.pid
        for name, words in WORDS.items():
            assert await bench.ask(name) == words
        assert bench.inference.status.pid == pid
        assert sorted(bench.ways()) == [
            "clerk: cold to warm",
            "clerk: warm to hot",
            "poet: cold to warm",
            "poet: warm to hot",
        ]
        assert all(move.bytes > 0 for move in bench.moves)
        assert all(move.seconds > 0 for move in bench.moves if move.target == "hot")


async def test_one_too_many_is_swapped_in_when_it_is_asked_for(tmp_path: Path) -> None:
    model = scripted(tmp_path, "poet", "clerk")
    async with remembering(model, tmp_path, room=weight(model.adapters[0])) as bench:
        assert await bench.hot() == {"poet"}
        before = bench.inference.status.pid

        assert await bench.ask("clerk") == WORDS["clerk"]

        assert await bench.hot() == {"clerk"}
        assert (bench.memory.tier("clerk"), bench.memory.tier("poet")) == ("hot", "warm")
        assert not alive(before)
        assert bench.inference.status.restarts == 0
        assert bench.ways()[-3:] == ["clerk: cold to warm", "poet: hot to warm", "clerk: warm to hot"]
        assert await bench.ask("poet") == WORDS["poet"]


async def test_what_runs_is_finished_before_a_swap(tmp_path: Path) -> None:
    model = scripted(tmp_path, "poet", "clerk")
    said: list[str] = []
    async with (
        remembering(model, tmp_path, room=weight(model.adapters[0])) as bench,
        trio.open_nursery() as nursery,
    ):
        await bench.hot()

        async def say(adapter: str, prompt: str) -> None:
            said.append(await bench.ask(adapter, prompt))

        nursery.start_soon(say, "", "slow")
        await trio.testing.wait_all_tasks_blocked(0.01)
        nursery.start_soon(say, "clerk", "hello")
    assert said == ["one two three four five six seven eight", WORDS["clerk"]]


async def test_many_for_two_that_do_not_fit_together_are_grouped(tmp_path: Path) -> None:
    model = scripted(tmp_path, "poet", "clerk")
    said: list[tuple[str, str]] = []
    async with remembering(model, tmp_path, room=weight(model.adapters[0])) as bench:
        await bench.hot()

        async def say(adapter: str) -> None:
            said.append((adapter, await bench.ask(adapter)))

        async with trio.open_nursery() as nursery:
            for adapter in ("poet", "clerk", "") * 6:
                nursery.start_soon(say, adapter)
        swaps = [way for way in bench.ways() if way.endswith("to hot")]
    assert sorted(said) == sorted((name, words) for name, words in WORDS.items() for _ in range(6))
    assert len(swaps) == 2  # the one at the start, and one


async def test_a_pin_stays(tmp_path: Path) -> None:
    model = scripted(tmp_path, "poet", "clerk", "third")
    room = weight(model.adapters[0]) + weight(model.adapters[1])
    async with remembering(model, tmp_path, room=room, pins=("clerk",)) as bench:
        assert await bench.hot() == {"clerk", "poet"}
        await bench.ask("poet")
        await bench.ask("third")
        assert await bench.hot() == {"clerk", "third"}


async def test_a_damaged_adapter_is_refused_alone(tmp_path: Path) -> None:
    model = damaged(scripted(tmp_path, "poet", "clerk"), "poet")
    async with remembering(model, tmp_path) as bench:
        assert await bench.hot() == {"clerk"}
        assert await bench.ask("clerk") == WORDS["clerk"]
        assert "cut off or damaged" in bench.refusals["poet"]
        assert "without poet" in bench.inference.status.message
        assert bench.memory.tier("poet") == "refused"
        with pytest.raises(Refused, match=r"poet.*damaged"):
            await bench.ask("poet")


async def test_an_unknown_adapter_and_one_too_large_are_refused(tmp_path: Path) -> None:
    model = scripted(tmp_path, "poet")
    async with remembering(model, tmp_path, room=1) as bench:
        assert await bench.hot() == set()
        with pytest.raises(Refused, match=r"engine\.adapters_mb"):
            await bench.ask("poet")
        with pytest.raises(Refused, match="Loaded: poet"):
            await bench.ask("painter")
        assert await bench.ask() == WORDS[""]


async def test_a_crash_brings_back_the_same_set(tmp_path: Path) -> None:
    model = scripted(tmp_path, "poet", "clerk")
    async with remembering(model, tmp_path, room=weight(model.adapters[0])) as bench:
        assert await bench.ask("clerk") == WORDS["clerk"]
        assert bench.inference.status.pid is not None
        os.kill(bench.inference.status.pid, signal.SIGKILL)
        await bench.watch.until(lambda status: status.state == "ready" and status.restarts == 1)
        assert await bench.hot() == {"clerk"}
        assert bench.refusals == {}


async def test_what_comes_and_goes_is_known_at_once(tmp_path: Path) -> None:
    both = scripted(tmp_path, "poet", "clerk")
    poet, clerk = both.adapters
    async with remembering(replace(both, adapters=(poet,)), tmp_path) as bench:
        assert await bench.hot() == {"poet"}
        with pytest.raises(Refused):
            await bench.ask("clerk")

        bench.memory.take(both)
        assert await bench.ask("clerk") == WORDS["clerk"]

        bench.memory.take(replace(both, adapters=(clerk,)))
        with pytest.raises(Refused, match="Loaded: clerk"):
            await bench.ask("poet")

        # The same name, but other weights: what the engine holds is not it.
        renewed = replace(clerk, sha256="another")
        before = bench.inference.status.pid
        bench.memory.take(replace(both, adapters=(renewed,)))
        assert await bench.ask("clerk") == WORDS["clerk"]
        assert bench.inference.status.pid != before


async def test_another_model_is_another_process(tmp_path: Path) -> None:
    first = scripted(tmp_path, "poet")
    second = replace(scripted(tmp_path / "second", "clerk"), name="second", sha256="2")
    async with remembering(None, tmp_path) as bench:
        bench.memory.take(first)
        assert await bench.ask("poet") == WORDS["poet"]
        bench.memory.take(second)
        assert await bench.ask("clerk") == WORDS["clerk"]
        bench.memory.take(None)
        await bench.watch.until(lambda status: status.state == "absent")


async def test_what_is_foreseen_is_warm_before_it_is_asked_for(tmp_path: Path) -> None:
    model = scripted(tmp_path, "poet", "clerk")
    async with remembering(model, tmp_path, room=weight(model.adapters[0])) as bench:
        await bench.hot()
        bench.memory.prefetch("clerk")
        await bench.until("clerk: cold to warm")
        assert await bench.hot() == {"poet"}
        assert (await bench.memory.activate("clerk")).source == "warm"


@pytest.mark.model
async def test_an_adapter_that_only_the_library_refuses_does_not_take_others_with_it(
    bundled_model: ModelFiles, tmp_path: Path
) -> None:
    header = header_of(bundled_model)
    names = ("first", "poisoned", "third")
    adapters = tuple(make_adapter(tmp_path / name, header, seed=seed) for seed, name in enumerate(names))
    model = replace(bundled_model, adapters=adapters)
    options = EngineOptions(context=256, parallel=1, cache=str(tmp_path / "cache"))
    async with remembering(model, tmp_path, engine="llama.cpp", room=64 << 20, options=options) as bench:
        assert await bench.hot() == set(names)
        # What no check of ours sees: the converted form is spoilt after it was made.
        for path in (tmp_path / "cache" / "adapters").glob("*.gguf"):
            if bench.memory.warm.path("poisoned") == path:
                path.write_bytes(b"GGUF" + bytes(len(path.read_bytes()) - 4))
    async with remembering(model, tmp_path, engine="llama.cpp", room=64 << 20, options=options) as bench:
        assert await bench.hot() == set()
        assert await bench.ask("third", max_tokens=2)
        with pytest.raises(Refused, match="poisoned"):
            await bench.ask("poisoned", max_tokens=2)
        assert await bench.ask("first", max_tokens=2)
        assert list(bench.refusals) == ["poisoned"]
