"""Many swaps under load: answers come, and memory stays where it was."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from battui.contracts.generation import AdapterUse, EngineOptions, GenerationRequest, ModelFiles
from battui.engines.llama_cpp import LlamaCppEngine
from tests.peft_adapters import header_of, make_adapter

SLOTS = 4
SWAPS = 200
PROMPTS = ("One two three", "The sky is", "My name is", "Once upon")


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


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
