"""What every engine keeps of its adapters: each request has its own, and none leaves anything behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from battui.contracts.errors import ModelUnavailable, Refused
from battui.contracts.generation import (
    AdapterUse,
    Engine,
    EngineOptions,
    GenerationRequest,
    ModelFiles,
    Sampling,
)
from battui.engines.choice import create
from battui.engines.peft import CONFIG, WEIGHTS
from tests.contract.conftest import CONTEXT, REPORT, SLOTS, STORY, silent


def report(
    about: str, adapter: str = "", scale: float = 1.0, *, max_tokens: int = 3, candidates: int = 1
) -> GenerationRequest:
    """A long prompt, and who is to go on with it. Prompts about different things differ from their first word.

    Few tokens are asked for: sums are rounded as the prompts happen to be cut into batches, and differently on
    every processor. The first three of these are far ahead of every other one (2.5 in the logarithm, at least).
    """
    lines = (
        f"The {about} number {n} went to the {about} market and bought {3 * n} apples." for n in range(8)
    )
    prompt = f"{about.title()}, {REPORT}. {' '.join(lines)} The {about} number"
    use = AdapterUse(adapter, scale) if adapter else None
    return GenerationRequest("job", prompt=prompt, candidates=candidates, max_tokens=max_tokens, adapter=use)


@pytest.fixture(scope="module")
def fresh(name: str, files: ModelFiles) -> Mapping[str, str]:
    """What an engine says that has done nothing else, for each adapter and without one."""
    fresh_one = "llama.cpp" if name == "openai" else name
    return {
        adapter: fresh_text(fresh_one, files, report("king", adapter)) for adapter in ("", "poet", "clerk")
    }


def fresh_text(name: str, model: ModelFiles, request: GenerationRequest) -> str:
    engine = create(name)
    engine.load(model, EngineOptions(parallel=1, context=CONTEXT), lambda _: None)
    text = engine.generate(request, silent).candidates[0].text
    engine.unload()
    return text


def test_adapters_are_declared(engine: Engine) -> None:
    assert "adapters" in engine.describe().capabilities
    assert engine.describe().adapters == ("poet", "clerk")


def test_each_adapter_has_words_of_its_own(fresh: Mapping[str, str]) -> None:
    assert len(set(fresh.values())) == 3


def test_an_adapter_at_scale_nothing_is_none(engine: Engine, fresh: Mapping[str, str]) -> None:
    assert engine.generate(report("king", "poet", 0.0), silent).candidates[0].text == fresh[""]


def test_the_scale_is_each_requests_own(engine: Engine, fresh: Mapping[str, str]) -> None:
    """Asked in turn and at once: a request neither inherits a scale nor what was computed with another one."""
    scales = (1.0, 0.0, 1.0, 0.0)

    def say(scale: float) -> str:
        return engine.generate(report("king", "poet", scale), silent).candidates[0].text

    def say_at_once(number: int) -> str:
        request = replace(report("king", "poet", scales[number]), id=str(number))
        return engine.generate(request, silent).candidates[0].text

    expected = [fresh["poet" if scale else ""] for scale in scales]
    assert [say(scale) for scale in scales] == expected
    with ThreadPoolExecutor(SLOTS) as pool:
        assert list(pool.map(say_at_once, range(len(scales)))) == expected


def test_half_of_an_adapter_twice_as_strong_is_the_adapter(
    name: str, model: ModelFiles, fresh: Mapping[str, str], tmp_path: Path
) -> None:
    if not model.adapters:
        pytest.skip("the adapters of a server are the server's")
    poet = model.adapters[0]
    folder = tmp_path / "poet"
    folder.mkdir()
    settings = json.loads(Path(poet.files[CONFIG]).read_text())
    settings["lora_alpha"] *= 2
    (folder / CONFIG).write_text(json.dumps(settings))
    strong = replace(poet, files={**poet.files, CONFIG: str(folder / CONFIG)})

    half = report("king", "poet", 0.5)
    assert fresh_text(name, replace(model, adapters=(strong,)), half) == fresh["poet"]


@pytest.mark.parametrize("slots", [1, SLOTS])
def test_swaps_leave_nothing_behind(
    name: str, model: ModelFiles, url: str, fresh: Mapping[str, str], slots: int
) -> None:
    engine = create(name)
    engine.load(model, EngineOptions(parallel=slots, context=CONTEXT, url=url), lambda _: None)
    every_swap = ("", "poet", "clerk", "poet", "", "clerk", "", "")

    texts = [engine.generate(report("king", adapter), silent).candidates[0].text for adapter in every_swap]

    engine.unload()
    assert texts == [fresh[adapter] for adapter in every_swap]


def test_a_prompt_that_comes_back_finds_nothing_of_another_adapter(
    name: str, model: ModelFiles, url: str, fresh: Mapping[str, str]
) -> None:
    engine = create(name)
    engine.load(model, EngineOptions(parallel=1, context=CONTEXT, url=url), lambda _: None)

    for first, then in (("poet", ""), ("clerk", "poet"), ("", "clerk")):
        engine.generate(report("king", first, max_tokens=2), silent)
        engine.generate(report("baker", then, max_tokens=2), silent)
        assert engine.generate(report("king", then), silent).candidates[0].text == fresh[then]

    engine.unload()


def test_requests_with_different_adapters_run_at_the_same_time(
    engine: Engine, fresh: Mapping[str, str]
) -> None:
    asked = ("", "poet", "clerk")

    def say(adapter: str) -> str:
        request = replace(report("king", adapter), id=f"for {adapter}")
        return engine.generate(request, silent).candidates[0].text

    with ThreadPoolExecutor(SLOTS) as pool:
        texts = list(pool.map(say, asked))

    assert len(set(texts)) == len(asked)
    assert texts == [fresh[adapter] for adapter in asked]


def test_all_candidates_are_the_adapters(engine: Engine, fresh: Mapping[str, str]) -> None:
    request = report("king", "poet", candidates=3)
    request = replace(request, first_greedy=True, sampling=Sampling(1.0, seed=4))

    first, *others = engine.generate(request, silent).candidates

    assert first.text == fresh["poet"]
    assert not any(fresh[other] == candidate.text for candidate in others for other in ("", "clerk"))


def test_an_unknown_adapter_is_refused_with_the_known_ones(engine: Engine) -> None:
    with pytest.raises(Refused, match=r"painter.*poet, clerk"):
        engine.generate(report("king", "painter"), silent)


def test_a_scale_is_a_number(engine: Engine) -> None:
    with pytest.raises(Refused, match="finite"):
        engine.generate(report("king", "poet", float("nan")), silent)


def test_a_damaged_adapter_is_refused_and_the_engine_can_be_loaded_without_it(
    name: str, model: ModelFiles, tmp_path: Path
) -> None:
    if not model.adapters:
        pytest.skip("the adapters of a server are the server's to judge")
    poet = model.adapters[0]
    cut = tmp_path / WEIGHTS
    cut.write_bytes(Path(poet.files[WEIGHTS]).read_bytes()[:-2])
    damaged = replace(model, adapters=(replace(poet, files={**poet.files, WEIGHTS: str(cut)}),))
    engine = create(name)

    with pytest.raises(ModelUnavailable, match="poet"):
        engine.load(damaged, EngineOptions(), lambda _: None)

    engine.load(replace(model, adapters=()), EngineOptions(parallel=1, context=CONTEXT), lambda _: None)
    assert engine.describe().adapters == ()
    engine.unload()


def test_many_with_few_adapters_all_have_their_turn(engine: Engine, fresh: Mapping[str, str]) -> None:
    """More than there are slots, mixed: each is answered by its own."""
    asked = ("poet", "", "clerk", "poet", "", "clerk")

    def say(number: int) -> str:
        request = replace(report("king", asked[number]), id=f"number {number}")
        return engine.generate(request, silent).candidates[0].text

    with ThreadPoolExecutor(len(asked)) as pool:
        texts = list(pool.map(say, range(len(asked))))

    assert texts == [fresh[adapter] for adapter in asked]


def test_who_waits_for_a_turn_can_be_cancelled(engine: Engine, fresh: Mapping[str, str]) -> None:
    story = GenerationRequest("story", prompt=STORY, candidates=SLOTS, max_tokens=400)
    began = Event()
    with ThreadPoolExecutor(2) as pool:
        told = pool.submit(engine.generate, story, lambda *_: began.set())
        assert began.wait(60)
        waits = pool.submit(engine.generate, replace(report("king", "poet"), id="waits"), silent)
        while not wait([waits], timeout=0.05).done:  # from outside nobody sees when it has joined the queue
            engine.cancel("waits")
        engine.cancel("story")
        (candidate,) = waits.result(60).candidates
        told.result(60)

    assert candidate.finish == "cancelled" or candidate.text == fresh["poet"]
    assert engine.generate(report("king", "clerk"), silent).candidates[0].text == fresh["clerk"]


def test_a_prompt_is_known_to_each_adapter_that_has_read_it(name: str, engine: Engine) -> None:
    """One prompt asked in turn of several is read once by each, not anew every time."""
    if name != "llama.cpp":
        pytest.skip("only llama.cpp lets a request choose its slot")
    adapters = ("", "poet", "clerk")
    for adapter in adapters:
        engine.generate(report("miller", adapter), silent)

    for adapter in adapters * 2:
        result = engine.generate(report("miller", adapter), silent)
        assert result.cached_tokens == result.prompt_tokens - 1
