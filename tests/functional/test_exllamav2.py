"""exllamav2's traps, each shut: its own generator, page table and adapters, with a model that reads a script."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from battui.contracts.errors import EngineFailed, ModelUnavailable, Refused
from battui.contracts.generation import (
    AdapterUse,
    EngineOptions,
    GenerationRequest,
    ModelFiles,
)
from battui.engines.gguf import Header
from tests import exllamav2_on_cpu
from tests.peft_adapters import config, make_adapter, matrices, safetensors, write_adapter

pytest.importorskip("torch", reason="torch is not installed: it is of the extra `cuda`")
pytest.importorskip("tokenizers", reason="tokenizers is not installed: it is of the extra `cuda`")

SHAPES = {"blk.0.attn_q.weight": (16, 16), "blk.0.attn_k.weight": (16, 8)}
HEADER = Header("llama", "small", 512, len(SHAPES), SHAPES, heads=2, kv_heads=1)
TARGETS = ("self_attn.q_proj", "self_attn.k_proj")
LONG = "tell " * 300
SCRIPT = """
[[rules]]
match = "tell $|tell$"
adapter = "poet"
answers = [" roses are red"]

[[rules]]
match = "tell $|tell$"
answers = [" the king went home"]

[[rules]]
match = "stop"
answers = [" one two three"]
"""


@pytest.fixture(params=[True, False], ids=["paged", "unpaged"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    from battui.engines.exllamav2 import ExLlamaV2Engine

    exllamav2_on_cpu.install(paged=request.param)
    engine = ExLlamaV2Engine()
    engine.load(model_in(tmp_path), EngineOptions(parallel=4, context=1000), lambda _: None)
    yield engine
    engine.unload()


def model_in(folder: Path) -> ModelFiles:
    model = exllamav2_on_cpu.write_model(folder / "model", SCRIPT, SCRIPT + LONG)
    return replace(model, adapters=(make_adapter(folder / "poet", HEADER, seed=1, targets=TARGETS),))


def ask(adapter: str = "", scale: float = 1.0, **fields: Any) -> GenerationRequest:
    use = AdapterUse(adapter, scale) if adapter else None
    plain = {"id": "job", "prompt": LONG.strip(), "max_tokens": 3}
    return GenerationRequest(**{**plain, **fields}, adapter=use)


def said(engine: Any, request: GenerationRequest) -> str:
    text: str = engine.generate(request, lambda *_: None).candidates[0].text
    return text


def test_pages_of_one_adapter_never_serve_another(engine: Any) -> None:
    texts = [said(engine, ask(adapter)) for adapter in ("", "poet", "", "poet", "poet", "")]

    king, roses = " the king went", " roses are red"
    assert texts == [king, roses, king, roses, roses, king]


def test_pages_of_the_same_adapter_do_serve(engine: Any) -> None:
    engine.generate(ask("poet"), lambda *_: None)

    assert engine.generate(ask("poet"), lambda *_: None).cached_tokens >= 256


def test_another_scale_is_another_cache(engine: Any) -> None:
    loaded = engine._adapters
    first = loaded.at(AdapterUse("poet", 1.0))

    assert said(engine, ask("poet", 0.5)) == " roses are red"
    assert loaded.at(AdapterUse("poet", 0.5)).lora_scaling == first.lora_scaling / 2
    assert held_by(engine) == {id(loaded.at(AdapterUse("poet", 0.5)))}


def test_an_error_in_an_iteration_costs_the_jobs_in_flight_and_no_other(engine: Any) -> None:
    engine._model.fault = RuntimeError("no memory on the device")

    with pytest.raises(EngineFailed, match="no memory on the device"):
        said(engine, ask())

    assert said(engine, ask()) == " the king went"
    assert not engine._generator.num_remaining_jobs()


def test_a_prompt_that_fills_the_cache_is_cut_short_and_a_longer_one_refused(engine: Any) -> None:
    longest = ask(prompt=("tell " * 999).strip(), max_tokens=400)

    assert engine.generate(longest, lambda *_: None).candidates[0].tokens == 1
    with pytest.raises(Refused, match="context"):
        said(engine, ask(prompt=("tell " * 1000).strip()))


def test_a_stop_string_with_the_last_token_allowed_is_not_said(engine: Any) -> None:
    request = ask(prompt="stop", stop=("two",), max_tokens=2)

    assert engine.generate(request, lambda *_: None).candidates[0].text == " one "


def test_adapters_take_turns_and_nobody_is_left_waiting(engine: Any) -> None:
    adapters = ["poet", "", "poet", "", "poet", "poet", ""] * 4

    def one(number: int) -> str:
        return said(engine, ask(adapters[number], id=str(number)))

    with ThreadPoolExecutor(len(adapters)) as pool:
        texts = list(pool.map(one, range(len(adapters))))

    assert texts == [" roses are red" if adapter else " the king went" for adapter in adapters]


def test_a_failed_load_leaves_no_tensor_behind(
    engine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held_by(engine)
    library = engine._library.exllamav2.ExLlamaV2Lora
    init = library.__init__

    def fail_at_the_end(self: Any, *arguments: Any, **fields: Any) -> None:
        init(self, *arguments, **fields)
        raise ValueError("half way")

    monkeypatch.setattr(library, "__init__", fail_at_the_end)
    with pytest.raises(ModelUnavailable, match="half way"):
        engine._adapters.add(make_adapter(tmp_path / "clerk", HEADER, seed=2, targets=TARGETS))

    assert held_by(engine) == before
    assert engine.describe().adapters == ("poet",)


@pytest.mark.parametrize("field", ["rank_pattern", "alpha_pattern"])
def test_ranks_of_their_own_are_refused_before_they_are_read_wrongly(
    engine: Any, tmp_path: Path, field: str
) -> None:
    weights = safetensors(matrices(HEADER, 3, targets=TARGETS))
    adapter = write_adapter(tmp_path / "odd", config() | {field: {"q_proj": 4}}, weights)

    with pytest.raises(ModelUnavailable, match=field):
        engine._adapters.add(adapter)


def test_an_adapter_of_another_model_is_refused(engine: Any, tmp_path: Path) -> None:
    wide = Header("llama", "wide", 512, 1, {"blk.0.attn_q.weight": (32, 32)}, heads=2, kv_heads=1)

    with pytest.raises(ModelUnavailable, match="another model"):
        engine._adapters.add(make_adapter(tmp_path / "wide", wide, seed=4, targets=TARGETS[:1]))


def test_a_pickle_beside_an_adapter_is_not_seen(engine: Any, tmp_path: Path) -> None:
    adapter = make_adapter(tmp_path / "clerk", HEADER, seed=5, targets=TARGETS)
    (tmp_path / "clerk" / "adapter_model.bin").write_bytes(b"\x80\x04")

    engine._adapters.add(adapter)

    assert engine.describe().adapters == ("poet", "clerk")


def test_rope_theta_of_a_newer_configuration_arrives(engine: Any) -> None:
    assert engine._model.config.rotary_embedding_base == 100000.0


def test_the_library_gets_whole_pages(engine: Any) -> None:
    assert engine._model.config.max_seq_len % 256 == 0
    assert engine.describe().context == 1000


def test_unloading_ends_its_threads(engine: Any) -> None:
    said(engine, ask(candidates=4))
    model, pools = engine._model, (engine._generator.sampling_pool, engine._generator.filter_pool)

    engine.unload()

    assert model.unloaded
    assert all(pool._shutdown for pool in pools)
    assert not any(thread.name == "exllamav2" for thread in threading.enumerate())


def held_by(engine: Any) -> set[int]:
    """The adapters of which some module holds a tensor."""
    modules = engine._model.modules_dict.values()
    places = [held for each in modules for held in (each.lora_a_tensors, each.lora_b_tensors)]
    return {id(lora) for held in places for lora in held}
