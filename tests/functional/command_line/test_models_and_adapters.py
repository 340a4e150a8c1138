"""`battui model` and `battui adapter` on the command line, with a kernel that has the image and without one."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model, list_models, sha256_of
from tests.functional.command_line.conftest import Battui
from tests.functional.memory_bench import Q_ONLY, SCRIPT, SMALL
from tests.peft_adapters import make_adapter


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An image with two scripts as models, the second in use."""
    folder = tmp_path / "own-image"
    with Image.open(str(folder)) as image:
        for name in ("first", "second"):
            file = tmp_path / f"{name}.toml"
            file.write_text(f"# {name}\n{SCRIPT}")
            record = ModelRecord(
                name, name.title(), "script", "scripted", sha256_of(file), file.stat().st_size
            )
            incarnate_model(image, record, {file.name: file}, consume=False)
    return folder


def test_models_are_shown_used_and_removed(battui: Battui, image: Path) -> None:
    at = ("--image", str(image))
    assert [row["name"] for row in battui("model", "list", *at, "--output", "json").objects[:2]] == [
        "second",
        "first",
    ]
    assert battui("model", "use", "first", *at).code == 0
    shown = battui("model", "show", "first", *at)
    assert "first  in the image, in use" in shown.out
    assert "adapters  none" in shown.out
    assert battui("model", "show", "third", *at).err.count("It has: first, second") == 1

    removed = battui("model", "remove", "first", *at)
    assert (removed.code, "battui model use" in removed.out) == (0, True)
    assert battui("model", "use", "first", *at).code == 1
    with Image.open(str(image)) as opened:
        assert [record.name for record in list_models(opened)] == ["second"]


def test_what_was_dropped_into_the_data_folder_is_offered(
    battui: Battui, image: Path, tmp_path: Path
) -> None:
    at = ("--image", str(image))
    place = tmp_path / ".local/share/battui/adapters"
    make_adapter(place / "Poet", SMALL, seed=1, targets=Q_ONLY)
    (place / "no-adapter").mkdir()

    offered = battui("adapter", "list", *at)
    assert offered.out == f"found in {place / 'Poet'}: battui adapter add {place / 'Poet'}\n"
    assert battui("adapter", "add", str(place / "Poet"), *at).code == 0
    (row,) = battui("adapter", "list", *at, "--output", "json").objects
    assert (row["reply"], row["name"], row["tier"]) == ("adapter", "poet", "cold")
    assert "found" not in battui("adapter", "list", *at).out


def test_a_running_kernel_takes_up_what_comes_and_goes(battui: Battui, image: Path, tmp_path: Path) -> None:
    at = ("--image", str(image), "--engine", "scripted")
    make_adapter(tmp_path / "Poet", SMALL, seed=1, targets=Q_ONLY)
    ask = "genesis_obj.infer_(prompt='hello', adapter='poet')"
    (kernel,) = battui("--detach", *at, "--output", "json").objects
    try:
        assert battui("send", ask, *at).code == 1
        assert battui("adapter", "add", str(tmp_path / "Poet"), *at).code == 0
        assert battui("send", ask, *at).out == "'roses are red'\n"
        listed = battui("adapter", "list", *at).out
        assert "poet  hot  for second" in listed
        assert "of 512 MiB hot" in listed

        assert battui("model", "use", "first", *at).code == 0
        assert "for another model" in battui("adapter", "show", "poet", *at).out
        assert battui("send", "genesis_obj.infer_(prompt='hello')", *at).out == "'as you say'\n"
        assert battui("adapter", "remove", "poet", *at).code == 0
        assert "poet" not in battui("adapter", "list", *at).out
    finally:
        os.kill(kernel["pid"], signal.SIGTERM)
