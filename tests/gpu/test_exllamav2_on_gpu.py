"""exllamav2 on a real GPU; `tests/gpu/run.py` brings the model and runs these."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from battui.contracts.errors import Refused
from battui.contracts.generation import Sampling
from tests.gpu.run import device
from tests.gpu.steps import CONTEXT, LONG, PROMPT, Bench, asking, said

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    if missing := device():
        pytest.skip(missing)
    if "BATTUI_GPU_MODEL" not in os.environ:
        pytest.skip("BATTUI_GPU_MODEL names no model's folder")
    return Bench(Path(os.environ["BATTUI_GPU_MODEL"]), tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def engine(bench: Bench) -> Iterator[Any]:
    engine = bench.engine()
    yield engine
    engine.unload()


def test_jobs_with_different_adapters_at_the_same_time_say_what_each_says_alone(engine: Any) -> None:
    adapters = ["", "poet", "clerk"] * 4
    alone = {adapter: said(engine, asking(LONG, adapter, 8)) for adapter in set(adapters)}

    def one(number: int) -> str:
        return said(engine, asking(LONG, adapters[number], 8, id=str(number)))

    with ThreadPoolExecutor(len(adapters)) as pool:
        texts = list(pool.map(one, range(len(adapters))))

    assert texts == [alone[adapter] for adapter in adapters]


def test_a_prompt_that_comes_back_is_found_in_the_cache(engine: Any) -> None:
    engine.generate(asking(LONG, tokens=2), lambda *_: None)

    assert engine.generate(asking(LONG, tokens=2), lambda *_: None).cached_tokens >= 256


def test_candidates_are_the_same_with_the_same_seed(engine: Any) -> None:
    request = asking(PROMPT, tokens=12, candidates=4, first_greedy=True, sampling=Sampling(0.9, seed=3))

    first, second = (engine.generate(request, lambda *_: None).candidates for _ in range(2))

    assert [each.text for each in first] == [each.text for each in second]
    assert len({each.text for each in first}) > 1


def test_what_is_too_long_is_refused_and_it_goes_on(engine: Any) -> None:
    with pytest.raises(Refused, match="context"):
        said(engine, asking("word " * (CONTEXT + 8)))

    assert said(engine, asking(PROMPT, tokens=4))
