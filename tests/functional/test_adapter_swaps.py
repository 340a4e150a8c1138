"""Many swaps under load: answers come, and memory stays where it was."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from battui.contracts.generation import AdapterUse, EngineOptions, GenerationRequest, ModelFiles
from battui.engines.llama_cpp import LlamaCppEngine
from tests.contract.test_engine_adapters import fresh_text, report
from tests.functional.memory_bench import WORDS, MemoryBench, remembering, scripted, weight
from tests.peft_adapters import header_of, make_adapter

SLOTS = 4
SWAPS = 200
PROMPTS = ("One two three", "The sky is", "My name is", "Once upon")


def resident_bytes(pid: int | str = "self") -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def children() -> int:
    """How many processes this one has started and not seen the end of."""
    tasks = Path("/proc/self/task").glob("*/children")
    return sum(len(task.read_text().split()) for task in tasks)


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.timeout(600)
def test_memory_is_flat_over_random_swaps_under_load(bundled_model: ModelFiles, tmp_path: Path) -> None:
    header = header_of(bundled_model)
    adapters = tuple(make_adapter(tmp_path / name, header, seed=seed) for seed, name in enumerate(("a", "b")))
    chance = random.Random(5)
    uses = [None, *(AdapterUse(name, scale) for name in ("a", "b") for scale in (0.5, 1.0))]
    engine = LlamaCppEngine()
    engine.load(
        replace(bundled_model, adapters=adapters), EngineOptions(parallel=SLOTS, context=512), lambda _: None
    )

    def say(number: int) -> int:
        prompt, use = PROMPTS[number % SLOTS], chance.choice(uses)
        request = GenerationRequest(str(number), prompt=prompt, max_tokens=4, adapter=use)
        return engine.generate(request, lambda *_: None).candidates[0].tokens

    with ThreadPoolExecutor(SLOTS) as pool:
        list(pool.map(say, range(SWAPS)))  # the library's buffers grow to what they need
        before = resident_bytes()
        tokens = list(pool.map(say, range(SWAPS)))
        after = resident_bytes()
    engine.unload()

    assert len(tokens) == SWAPS
    assert after < 1.02 * before


PAIR = ("poet", "clerk")
IN_TURN = ("", "poet", "clerk", "poet", "", "clerk", "")


async def asked_at_once(bench: MemoryBench, adapters: Sequence[str]) -> list[str]:
    """What is said to the same prompt with each of these, all asked at the same time."""
    said = [""] * len(adapters)

    async def ask(place: int) -> None:
        request = replace(report("king", adapters[place]), id=str(place))
        said[place] = (await bench.inference.generate(request)).candidates[0].text

    async with trio.open_nursery() as nursery:
        for place in range(len(adapters)):
            nursery.start_soon(ask, place)
    return said


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.timeout(1200)
async def test_swaps_by_process_say_what_fresh_engines_say_and_leave_no_memory_behind(
    bundled_model: ModelFiles, tmp_path: Path
) -> None:
    """Room for one of two adapters: each swap is another process, which must be as large as the one before."""
    header = header_of(bundled_model)
    adapters = tuple(
        make_adapter(tmp_path / name, header, seed=seed, strength=0.15)
        for name, seed in zip(PAIR, (35, 23), strict=True)
    )
    model = replace(bundled_model, adapters=adapters)
    fresh = {name: fresh_text("llama.cpp", model, report("king", name)) for name in ("", *PAIR)}
    options = EngineOptions(parallel=SLOTS, context=512, cache=str(tmp_path / "cache"))
    room, order = weight(adapters[0]), [*IN_TURN, *PAIR * 6]
    sizes: list[int] = []
    async with remembering(
        model, tmp_path, engine="llama.cpp", room=room, options=options, limit_s=1100
    ) as bench:
        for name in order:
            said = await asked_at_once(bench, (name, "", name, "", name))
            assert said == [fresh[name], fresh[""], fresh[name], fresh[""], fresh[name]]
            pid = bench.inference.status.pid
            assert pid is not None
            sizes.append(resident_bytes(pid))
        assert children() == 1
        assert len([move for move in bench.moves if move.target == "hot"]) > len(PAIR) * 6

    settled = sizes[len(IN_TURN) :]
    assert max(settled) < 1.02 * settled[0], sizes


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_two_hundred_processes_leave_nothing_in_the_kernels_own(tmp_path: Path) -> None:
    model = scripted(tmp_path / "model", *PAIR)
    async with remembering(model, tmp_path, room=weight(model.adapters[0]), limit_s=550) as bench:
        before = (0, 0)
        for number in range(SWAPS + 20):
            name = PAIR[number % 2]
            assert await bench.ask(name) == WORDS[name]
            if number == 20:  # what is made once is there
                before = (resident_bytes(), children())
        assert len([move for move in bench.moves if move.target == "hot"]) >= SWAPS
        assert children() == before[1]
        assert resident_bytes() < 1.02 * before[0]
