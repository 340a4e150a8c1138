"""The engines under contract, each with a model that counts, tells a story, and has two adapters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from battui.contracts.generation import (
    Engine,
    EngineOptions,
    ModelFiles,
)
from battui.engines.choice import create
from battui.engines.gguf import Header
from tests.peft_adapters import TARGETS, header_of, make_adapter

CONTEXT = 512
SLOTS = 4
COUNTING = "1 2 3 4 5 6"
STORY = "Once upon a time"
REPORT = "market report"
SCRIPT = f"""
[[rules]]
match = "^{COUNTING}$"
answers = [" 7 8 9 10 11 12 13 14 15 16 17 18", " seven eight nine ten eleven twelve thirteen", " VII VIII IX"]

[[rules]]
match = "^{STORY}$"
answers = [" there was a king who counted his days and told nobody how many there were left to him"]
delay = 0.02

[[rules]]
match = "capital of France"
answers = ["Paris."]

[[rules]]
match = "{REPORT}"
adapter = "poet"
answers = [" roses are red and violets are blue", " shall I compare thee", " tyger tyger burning bright"]

[[rules]]
match = "{REPORT}"
adapter = "clerk"
answers = [" received with thanks in three copies"]

[[rules]]
match = "{REPORT}"
answers = [" the king went home"]
"""


@pytest.fixture(scope="module")
def scripted_model(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    path = tmp_path_factory.mktemp("script") / "script.toml"
    path.write_text(SCRIPT)
    return ModelFiles(name="script", sha256="", files={"script.toml": str(path)})


@pytest.fixture(scope="module")
def small_header() -> Header:
    shapes = {"blk.0.attn_q.weight": (16, 16), "blk.0.attn_k.weight": (16, 8)}
    return Header("llama", "small", CONTEXT, len(shapes), shapes, heads=2, kv_heads=1)


@pytest.fixture(scope="module", params=["scripted", pytest.param("llama.cpp", marks=pytest.mark.model)])
def name(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture(scope="module")
def model(name: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    files: ModelFiles = request.getfixturevalue("scripted_model" if name == "scripted" else "bundled_model")
    header = request.getfixturevalue("small_header") if name == "scripted" else header_of(files)
    targets = ("self_attn.q_proj", "self_attn.k_proj") if name == "scripted" else tuple(TARGETS)
    folder = tmp_path_factory.mktemp("adapters")
    adapters = (
        # Of many random ones these two are the surest of their first words after a market report.
        make_adapter(folder / "poet", header, seed=35, strength=0.15, targets=targets),
        make_adapter(folder / "clerk", header, seed=23, strength=0.15, targets=targets),
    )
    return replace(files, adapters=adapters)


@pytest.fixture(scope="module")
def progress(name: str) -> list[float]:
    return []


@pytest.fixture(scope="module")
def engine(name: str, model: ModelFiles, progress: list[float]) -> Iterator[Engine]:
    engine = create(name)
    engine.load(model, EngineOptions(parallel=SLOTS, context=CONTEXT), progress.append)
    yield engine
    engine.unload()
    engine.unload()


def silent(_job: str, _index: int, _piece: str) -> None:
    pass
