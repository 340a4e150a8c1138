"""Experts from a folder to an answer: the command line, the image, the engine's process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from battui.cli.main import main
from battui.contracts.errors import Refused
from battui.contracts.generation import AdapterUse, EngineOptions, GenerationRequest, ModelFiles
from battui.engines.gguf import Header
from battui.image.image import Image
from battui.image.models import model_files
from tests.functional.engine_bench import alive, running
from tests.peft_adapters import header_of, make_adapter

Battui = Callable[..., int]
PROMPT = "The capital of France is"
SMALL = Header("llama", "small", 512, 1, {"blk.0.attn_q.weight": (16, 16)}, heads=2, kv_heads=2)
Q_ONLY = ("self_attn.q_proj",)
SCRIPT = """
[[rules]]
adapter = "poet"
answers = ["roses are red"]

[[rules]]
answers = ["as you say"]
"""


@pytest.fixture
def battui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Battui:
    monkeypatch.setenv("HOME", str(tmp_path))
    return lambda *words: main([*words, "--image", str(tmp_path / "image")])


def ask(adapter: str = "") -> GenerationRequest:
    use = AdapterUse(adapter) if adapter else None
    return GenerationRequest("job", prompt=PROMPT, max_tokens=12, adapter=use)


@pytest.mark.model
async def test_an_added_adapter_speaks_and_a_removed_one_does_not(
    battui: Battui, bundled_model: ModelFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert battui("model", "add", next(iter(bundled_model.files.values())), "--name", "smol") == 0
    make_adapter(tmp_path / "Poet", header_of(bundled_model), seed=1)

    assert battui("adapter", "add", str(tmp_path / "Poet")) == 0
    assert battui("adapter", "add", str(tmp_path / "Poet")) == 0

    capsys.readouterr()
    assert battui("adapter", "list", "--output", "json") == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["name"], row["base"], row["rank"]) == ("poet", "smol", 8)
    with Image.open(str(tmp_path / "image")) as image:
        files = image.read(model_files)
    assert files is not None
    options = EngineOptions(context=512, parallel=1, cache=str(tmp_path / "cache"))
    async with running("llama.cpp", files, tmp_path, options=options) as inference:
        assert (await inference.describe()).adapters == ("poet",)
        base = (await inference.generate(ask())).candidates[0].text
        assert (await inference.generate(ask("poet"))).candidates[0].text != base
        assert (await inference.generate(ask())).candidates[0].text == base
    assert len(list((tmp_path / "cache" / "adapters").glob("*.gguf"))) == 1

    assert battui("adapter", "remove", "poet") == 0
    assert battui("adapter", "show", "poet") == 1
    assert "It has: none" in capsys.readouterr().err


@pytest.mark.model
def test_an_adapter_of_another_model_is_refused_at_the_door(
    battui: Battui, bundled_model: ModelFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_adapter(tmp_path / "poet", SMALL, seed=1, targets=Q_ONLY)
    assert battui("adapter", "add", str(tmp_path / "poet")) == 3
    assert "battui model pull" in capsys.readouterr().err
    assert battui("model", "add", next(iter(bundled_model.files.values()))) == 0

    assert battui("adapter", "add", str(tmp_path / "poet")) == 3
    assert "16 by 16, the model's is 576 by 576" in capsys.readouterr().err
    assert battui("adapter", "list") == 0
    assert capsys.readouterr().out == ""


def test_a_folder_or_a_name_that_is_none_is_told(
    battui: Battui, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_adapter(tmp_path / "poet", SMALL, seed=1, targets=Q_ONLY)

    assert battui("adapter", "add", str(tmp_path / "nowhere")) == 2
    assert battui("adapter", "add", str(tmp_path / "poet"), "--name", "a/b") == 1
    assert "no name for an adapter" in capsys.readouterr().err


async def test_another_set_of_adapters_is_another_process(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    script.write_text(SCRIPT)
    bare = ModelFiles("script", "", {script.name: str(script)})
    poet = make_adapter(tmp_path / "poet", SMALL, seed=1, targets=Q_ONLY)
    async with running("scripted", bare, tmp_path) as inference:
        with pytest.raises(Refused, match="Loaded: none"):
            await inference.generate(ask("poet"))
        before = inference.status.pid

        inference.use("scripted", replace(bare, adapters=(poet,)))

        assert (await inference.generate(ask("poet"))).candidates[0].text == "roses are red"
        assert (await inference.generate(ask())).candidates[0].text == "as you say"
        assert inference.status.restarts == 0
        assert not alive(before)
