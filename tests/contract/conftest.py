"""The engines under contract, each with a model that counts, tells a story, and has two adapters."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from battui.contracts.generation import (
    Engine,
    EngineOptions,
    ModelFiles,
)
from battui.contracts.settings import KEY_VARIABLE
from battui.engines.choice import create
from battui.engines.gguf import Header
from battui.engines.gguf_lora import converted
from tests import exllamav2_on_cpu
from tests.llama_server import ALIAS, llama_server
from tests.peft_adapters import TARGETS, header_of, make_adapter

CONTEXT = 512
KEY = "a key for the loopback"
SLOTS = 4
COUNTING = "1 2 3 4 5 6"
STORY = "Once upon a time"
REPORT = "market report"
KING = "there was a king who counted his days and told nobody how many there were left to him"
PROMPTS = (
    f"{COUNTING} {STORY} King, Baker, {REPORT}. The king baker number went to the market and bought apples. "
    "word What is the capital of France? Be brief. system user assistant : one two three four five "
    f"{' '.join(map(str, range(25)))}"
)
MODELS = {"scripted": "scripted_model", "exllamav2": "folder_model"}
SCRIPT = f"""
[[rules]]
match = "^{COUNTING}$"
answers = [" 7 8 9 10 11 12 13 14 15 16 17 18", " seven eight nine ten eleven twelve thirteen", " VII VIII IX"]

[[rules]]
match = "^{STORY}$"
answers = [" {KING}"]
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


OF_THE_BUNDLED_MODEL = (pytest.param(name, marks=pytest.mark.model) for name in ("llama.cpp", "openai"))
ENGINES = ("scripted", "exllamav2", *OF_THE_BUNDLED_MODEL)


@pytest.fixture(scope="module", params=ENGINES)
def name(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture(scope="module")
def folder_model(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    for package in ("torch", "tokenizers", "exllamav2"):
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed: it is of the extra `cuda`")
    exllamav2_on_cpu.install(paged=True)
    script = SCRIPT.replace(KING, f"{KING} {'and on ' * 250}".rstrip())
    return exllamav2_on_cpu.write_model(tmp_path_factory.mktemp("folder"), script, f"{script} {PROMPTS}")


@pytest.fixture(scope="module")
def files(name: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    """A model's files and two adapters for it, as they lie in an image."""
    files: ModelFiles = request.getfixturevalue(MODELS.get(name, "bundled_model"))
    small = name in MODELS
    header = request.getfixturevalue("small_header") if small else header_of(files)
    targets = ("self_attn.q_proj", "self_attn.k_proj") if small else tuple(TARGETS)
    folder = tmp_path_factory.mktemp("adapters")
    adapters = (
        # Of many random ones these two are the surest of their first words after a market report.
        make_adapter(folder / "poet", header, seed=35, strength=0.15, targets=targets),
        make_adapter(folder / "clerk", header, seed=23, strength=0.15, targets=targets),
    )
    return replace(files, adapters=adapters)


@pytest.fixture(scope="module")
def model(name: str, files: ModelFiles) -> ModelFiles:
    """What an engine is given: all of it, or of a server's model the name."""
    return ModelFiles(ALIAS, "", {}) if name == "openai" else files


@pytest.fixture(scope="module")
def url(name: str, files: ModelFiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the server is, for an engine that asks one."""
    if name != "openai":
        yield ""
        return
    folder = tmp_path_factory.mktemp("loras")
    loras = [folder / f"{adapter.name}.gguf" for adapter in files.adapters]
    for adapter, lora in zip(files.adapters, loras, strict=True):
        converted(adapter, header_of(files), folder / "forms").rename(lora)
    path = Path(next(iter(files.files.values())))
    with (
        pytest.MonkeyPatch.context() as patch,
        llama_server(path, loras=loras, slots=SLOTS, context=CONTEXT, key=KEY) as address,
    ):
        patch.setitem(os.environ, KEY_VARIABLE, KEY)
        yield address


@pytest.fixture(scope="module")
def progress(name: str) -> list[float]:
    return []


@pytest.fixture(scope="module")
def engine(name: str, model: ModelFiles, url: str, progress: list[float]) -> Iterator[Engine]:
    engine = create(name)
    engine.load(model, EngineOptions(parallel=SLOTS, context=CONTEXT, url=url), progress.append)
    yield engine
    engine.unload()
    engine.unload()


def silent(_job: str, _index: int, _piece: str) -> None:
    pass
