"""Folders of safetensors as models: into an image, out of it as the engine gets them, and converted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from battui.cli.model_store import add
from battui.contracts.errors import EngineFailed, ModelUnavailable, Refused, UsageError
from battui.contracts.settings import EngineSettings, Settings, load_settings
from battui.engines import choice
from battui.engines.exllamav2_quantize import quantize
from battui.image.image import Image
from battui.image.models import list_models, model_files
from battui.kernel.organs import engine_name
from tests.exllamav2_on_cpu import write_model
from tests.functional.command_line.conftest import Battui

CONVERTER = """
import json, pathlib, sys
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
print("converting for", options["-b"])
print('[STATUS]{"stage": "Measuring", "completion": 0.5}[/STATUS]')
target = pathlib.Path(options["-cf"])
target.mkdir()
config = json.loads((pathlib.Path(options["-i"]) / "config.json").read_text())
if FAILS: sys.exit()
(target / "config.json").write_text(json.dumps(config | {"quantization_config": {"quant_method": "exl2"}}))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_model(tmp_path / "Small Model", "", "a b")
    (tmp_path / "Small Model" / "pytorch_model.bin").write_bytes(b"\x80\x04")
    return tmp_path / "Small Model"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"image": str(tmp_path / "image")}, {"HOME": str(tmp_path)}, None)


def silent(*_: object) -> None:
    pass


def test_a_folder_comes_into_the_image_file_by_file(folder: Path, settings: Settings) -> None:
    assert "small-model is now in the image" in add(settings, folder, "", silent)
    assert "small-model is already in" in add(settings, folder, "", silent)

    with Image.open(settings.image) as image:
        (record,) = list_models(image)
        files = image.read(model_files)
        assert (record.name, record.format, record.context) == ("small-model", "safetensors", 8192)
        assert files is not None
        assert set(files.files) == {
            "config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "model.safetensors",
        }
        assert all(
            Path(place).read_bytes() == (folder / name).read_bytes() for name, place in files.files.items()
        )
        assert engine_name(EngineSettings(), files) == "exllamav2"


def test_another_model_of_the_same_name_is_refused(folder: Path, settings: Settings, tmp_path: Path) -> None:
    add(settings, folder, "small", silent)
    write_model(tmp_path / "other", "", "c d e")

    with pytest.raises(Refused, match="another model has this name"):
        add(settings, tmp_path / "other", "small", silent)


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_folder_that_is_no_whole_model_makes_no_image(
    folder: Path, settings: Settings, missing: str
) -> None:
    (folder / missing).unlink()

    with pytest.raises(ModelUnavailable):
        add(settings, folder, "", silent)
    assert not Path(settings.image).exists()


def converter(tmp_path: Path, fails: bool) -> list[str]:
    script = tmp_path / "converter.py"
    script.write_text(CONVERTER.replace("FAILS", str(fails)))
    return [sys.executable, str(script)]


def test_the_converter_is_followed_and_its_words_go_to_the_log(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stages: list[tuple[str, float]] = []
    target, log = tmp_path / "target", tmp_path / "log"

    quantize(
        folder,
        target,
        4.65,
        lambda stage, done: stages.append((stage, done)),
        work=tmp_path / "work",
        log=log,
        converter=converter(tmp_path, fails=False),
    )

    assert stages == [("Measuring", 0.5)]
    assert '"rope_theta": 100000.0' in (target / "config.json").read_text()
    assert log.read_text() == "converting for 4.65\n"
    assert capfd.readouterr() == ("", "")


def test_a_converter_that_ends_well_without_a_result_has_failed(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="log"):
        quantize(
            folder,
            tmp_path / "target",
            4.0,
            silent,
            work=tmp_path / "work",
            log=tmp_path / "log",
            converter=converter(tmp_path, fails=True),
        )


def test_bits_that_cannot_be_had_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="2 to 8"):
        quantize(folder, tmp_path / "target", 16, silent, work=tmp_path / "work", log=tmp_path / "log")


def test_without_a_gpu_the_command_says_what_it_needs(battui: Battui, folder: Path) -> None:
    if choice.probe_one("exllamav2").usable:
        pytest.skip("here it can be done")
    done = battui("model", "quantize", str(folder))

    assert done.code == 3
    assert "exllamav2" in done.err
