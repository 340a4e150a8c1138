"""What exllamav2 is shown of a model, and what it is spared. Needs neither the library nor a GPU."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from battui.contracts.errors import EngineFailed, ModelUnavailable
from battui.contracts.generation import EngineOptions, ModelFiles
from battui.engines.exllamav2 import ExLlamaV2Engine
from battui.engines.exllamav2_folder import lay_out, mended
from battui.engines.exllamav2_library import LOCK, require_no_stale_lock
from tests.exllamav2_on_cpu import write_model

LLAMA = {"architectures": ["LlamaForCausalLM"]}


@pytest.fixture
def model(tmp_path: Path) -> ModelFiles:
    return write_model(tmp_path / "model", "", "a b")


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    folder = tmp_path / "shown"
    folder.mkdir()
    return folder


def with_file(model: ModelFiles, name: str, content: bytes) -> ModelFiles:
    path = Path(model.files["config.json"]).parent / name
    path.write_bytes(content)
    return ModelFiles(model.name, "", {**model.files, name: str(path)})


def test_it_sees_weights_configuration_and_tokenizer_alone(model: ModelFiles, shown: Path) -> None:
    for name in ("pytorch_model.bin", "adapter_model.safetensors", "notes.txt"):
        model = with_file(model, name, b"no tensors")

    lay_out(model, shown)

    found = {path.name for path in shown.iterdir()}
    assert found == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert (shown / "model.safetensors").is_symlink()


def test_an_index_says_which_weights_count(model: ModelFiles, shown: Path) -> None:
    weights = Path(model.files["model.safetensors"]).read_bytes()
    index = json.dumps({"weight_map": {"a": "part-1.safetensors", "b": "part-1.safetensors"}})
    model = with_file(
        with_file(model, "part-1.safetensors", weights), "model.safetensors.index.json", index.encode()
    )

    lay_out(model, shown)

    assert [path.name for path in shown.glob("*.safetensors")] == ["part-1.safetensors"]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}}, {"rope_theta": 5e5}),
        (
            {"rope_parameters": {"rope_theta": 5e5, "rope_type": "linear", "type": "linear", "factor": 2.0}},
            {"rope_theta": 5e5, "rope_scaling": {"rope_type": "linear", "factor": 2.0}},
        ),
        ({"rope_theta": 1e6}, {"rope_theta": 1e6}),
        ({"quantization_config": {"quant_method": "exl2"}}, {}),
    ],
)
def test_what_newer_configurations_call_otherwise_is_said_so_that_it_is_read(
    config: dict[str, object], expected: dict[str, object]
) -> None:
    fixed = mended(LLAMA | config, "small")

    assert {key: fixed[key] for key in ("rope_theta", "rope_scaling") if key in fixed} == expected


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (LLAMA | {"quantization_config": {"quant_method": "awq"}}, "awq"),
        ({}, "architecture"),
        (LLAMA | {"rope_parameters": {"full_attention": {"rope_theta": 1.0}}}, "several kinds"),
    ],
)
def test_what_it_would_read_wrongly_is_refused(config: dict[str, object], words: str) -> None:
    with pytest.raises(ModelUnavailable, match=words):
        mended(config, "small")


def test_weights_that_are_cut_off_are_refused_before_the_library(model: ModelFiles, shown: Path) -> None:
    path = Path(model.files["model.safetensors"])
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(ModelUnavailable, match="cut off or damaged"):
        lay_out(model, shown)


def test_a_pickle_is_never_opened(model: ModelFiles, shown: Path) -> None:
    files = {name: path for name, path in model.files.items() if not name.endswith(".safetensors")}
    pickled = with_file(ModelFiles("small", "", files), "pytorch_model.bin", b"\x80\x04")

    with pytest.raises(ModelUnavailable, match="convert it to safetensors"):
        lay_out(pickled, shown)


def test_a_lock_of_an_ended_build_is_told(tmp_path: Path) -> None:
    lock = tmp_path / LOCK
    require_no_stale_lock(tmp_path)
    lock.touch()
    require_no_stale_lock(tmp_path)
    long_ago = time.time() - 3600
    os.utime(lock, (long_ago, long_ago))

    with pytest.raises(EngineFailed, match=rf"Delete {lock}"):
        require_no_stale_lock(tmp_path)


def test_the_lock_of_a_build_at_work_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / LOCK).touch()
    monkeypatch.chdir(tmp_path)  # as a compiler does: this process has the build's folder for its own

    require_no_stale_lock(tmp_path, young_s=0.0)


def test_without_its_packages_it_says_what_to_install(
    model: ModelFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("battui.engines.exllamav2_library.find_spec", lambda name: None)

    with pytest.raises(EngineFailed, match=r"pip install 'battui\[cuda\]'"):
        ExLlamaV2Engine().load(model, EngineOptions(), lambda _: None)
