"""`battui adapter train --from-image`: what an image can teach, what is held back, and who is asked."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from battui.cli.main import main
from battui.cli.personal import trainer
from battui.cli.personal.learned import gather
from battui.cli.personal.lessons import body_of, lessons
from battui.cli.personal.measuring import Comparison, Worth
from battui.contracts.activation import CellLimits
from battui.contracts.errors import EngineFailed, ModelUnavailable, Refused
from battui.contracts.generation import ModelFiles
from battui.contracts.resources import folder
from battui.image.adapters import adapter_config
from battui.image.image import Image
from battui.mind.method_form import shipped_form
from tests.functional import personal_image

pytestmark = pytest.mark.skipif(
    not (folder("adapters") / "jit" / "adapter_model.safetensors").exists(),
    reason="battui's expert is not here",
)
Battui = Callable[..., int]
LIMITS = CellLimits(wall_s=30.0)
PYTHON = Path(os.environ.get("BATTUI_TRAIN_PYTHON", sys.executable))


@pytest.fixture
def battui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Battui:
    monkeypatch.setenv("HOME", str(tmp_path))
    return lambda *words: main([*words, "--image", str(tmp_path / "image")])


def test_a_method_teaches_by_the_cases_that_it_passes_alone(tmp_path: Path) -> None:
    good, other, third, fourth = personal_image.lessons(4)
    elsewhere = replace(other, body="return self.elsewhere(count)")
    half = replace(third, cases=(*third.cases[:2], replace(third.cases[2], result=-1)))
    unsent = replace(fourth, cases=())
    image = personal_image.learned(tmp_path / "image", [good, elsewhere, half, unsent])

    gathered = gather(str(image), LIMITS)

    assert {each.name: len(each.cases) for each in gathered.methods} == {good.name: 3, half.name: 2}
    assert {name: reason.split()[0] for name, reason in gathered.left_out} == {
        elsewhere.name: "alone",
        unsent.name: "nothing",
    }


def test_what_is_held_back_is_not_trained_on(tmp_path: Path) -> None:
    image = personal_image.learned(tmp_path / "image", list(personal_image.lessons(16)))
    taught = lessons(gather(str(image), LIMITS).methods, shipped_form())

    assert (taught.trained, len(taught.examples), len(taught.tasks)) == (12, 36, 4)
    trained = "".join(example["prompt"] for example in taught.examples)
    assert not any(f"def {task['selector']}(" in trained for task in taught.tasks)
    assert all(len(task["cases"]) == 3 for task in taught.tasks)
    # As an expert is asked, and as it answers.
    first = taught.examples[0]
    assert first["prompt"].startswith("# self.")
    assert first["prompt"].endswith("_(self, count):")
    assert first["completion"].startswith("\n    self.")
    assert '"""' not in first["completion"]
    assert sum("\n# => result == " in example["prompt"] for example in taught.examples) == 12
    assert lessons(gather(str(image), LIMITS).methods, shipped_form()) == taught


@pytest.mark.parametrize(("methods", "cases"), [(11, 3), (16, 1)])
def test_an_image_that_has_learned_too_little_is_told_how_much_is_needed(
    tmp_path: Path, methods: int, cases: int
) -> None:
    image = personal_image.learned(tmp_path / "image", list(personal_image.lessons(methods, cases=cases)))
    with pytest.raises(Refused, match="12 are needed, 3 of them with two cases"):
        lessons(gather(str(image), LIMITS).methods, shipped_form())


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ('def a(self):\n    """Say."""\n    return 1', "return 1"),
        ("def a(self):\n    x = [\n        1]\n\n    return x", "x = [\n    1]\n\nreturn x"),
        ("def a(self): return 1", "return 1"),
        ('def a(self):\n    """Only words."""', "pass"),
    ],
)
def test_a_body_is_what_stands_below_head_and_docstring(source: str, body: str) -> None:
    assert body_of(source) == body


KEPT = Worth(24, 20, 80, 70)


@pytest.mark.parametrize(
    ("after", "kept", "better"),
    [
        (Worth(4, 3, 8, 6), KEPT, True),
        (Worth(4, 2, 8, 5), KEPT, True),
        (Worth(4, 2, 8, 4), KEPT, False),
        (Worth(4, 1, 8, 6), KEPT, False),
        (Worth(4, 4, 8, 8), replace(KEPT, right=18), True),
        (Worth(4, 4, 8, 8), replace(KEPT, right=17), False),
    ],
)
def test_better_is_more_of_ones_own_and_hardly_less_elsewhere(
    after: Worth, kept: Worth, better: bool
) -> None:
    assert Comparison(Worth(4, 2, 8, 4), after, KEPT, kept).better is better


def test_a_python_that_cannot_train_is_told_before_anything_else(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="cannot be started"):
        trainer.require(tmp_path / "nowhere")


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="this Python can train")
def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"torch.*\[train\]"):
        trainer.require(Path(sys.executable))


def stand_in(folder: Path, script: str) -> Path:
    """A program in the place of a Python."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(("code", "ended"), [(0, True), (130, False)])
def test_the_trainer_is_a_program_whose_words_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], code: int, ended: bool
) -> None:
    assert trainer.run(stand_in(tmp_path, f'echo "$@"; exit {code}'), ["--passes", "1"]) is ended
    assert capsys.readouterr().err == "-m training.expert personal --passes 1\n"


def test_a_trainer_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="ended with 3"):
        trainer.run(stand_in(tmp_path, "exit 3"), [])


def test_a_signal_is_handed_on_and_the_trainer_saves_its_place(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ready")
    script = f"trap 'echo saved; exit 130' INT; echo > {tmp_path}/ready; while :; do sleep 0.05; done"
    path = stand_in(tmp_path, script)

    def interrupt() -> None:
        (tmp_path / "ready").read_text()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=interrupt, daemon=True).start()
    before = signal.getsignal(signal.SIGTERM)
    assert trainer.run(path, []) is False
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_signal_from_before_the_trainer_was_there_is_kept_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(subprocess.Popen[str]):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            super().__init__(*arguments, **named)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    assert trainer.run(stand_in(tmp_path, "exec sleep 600"), []) is False


@pytest.mark.model
def test_nothing_is_trained_without_consent(
    battui: Battui,
    bundled_model: ModelFiles,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    personal_image.learned(tmp_path / "image", list(personal_image.lessons(12)), bundled_model)
    monkeypatch.setattr(trainer, "NEEDED", ("json",))

    with subprocess.Popen(["true"], stdin=subprocess.PIPE) as no_terminal:
        monkeypatch.setattr("sys.stdin", no_terminal.stdin)
        assert battui("adapter", "train", "--from-image") == 2

    told = capsys.readouterr().err
    assert "9 methods become 27 examples, 3 are held back" in told
    assert "--yes" in told
    assert battui("adapter", "train", "--from-image", "--yes", "--name", "jit") == 1
    assert "the image has an adapter of this name" in capsys.readouterr().err


@pytest.mark.model
def test_one_desk_is_for_one_training_at_a_time(
    battui: Battui, bundled_model: ModelFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from battui.cli.personal.desk import Desk
    from battui.contracts.settings import load_settings

    personal_image.learned(tmp_path / "image", [], bundled_model)
    settings = load_settings({"image": str(tmp_path / "image")}, {"XDG_CACHE_HOME": str(tmp_path)}, None)
    with Desk.of(settings, "mine"):
        with pytest.raises(Refused, match="is being trained already"), Desk.of(settings, "mine"):
            pass
        with Desk.of(settings, "another"):
            pass
    with Desk.of(settings, "mine"):
        pass


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.timeout(3000)
def test_an_image_trains_an_adapter_that_it_keeps_only_if_it_is_better(
    battui: Battui, bundled_model: ModelFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        trainer.require(PYTHON)
    except ModelUnavailable as error:
        pytest.skip(str(error))
    personal_image.learned(tmp_path / "image", list(personal_image.lessons(12)), bundled_model)

    train = ("adapter", "train", "--from-image", "--yes", "--passes", "1", "--python", str(PYTHON))
    assert battui("--output", "json", *train) == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["before"]["methods"], told["before"]["cases"], told["kept_before"]["methods"]) == (3, 6, 24)
    with Image.open(str(tmp_path / "image")) as image:
        if told["added"]:
            assert adapter_config(image, "personal")[0].rank == 16
        else:
            with pytest.raises(Refused):
                adapter_config(image, "personal")
    if told["added"]:
        assert battui("adapter", "remove", "personal") == 0
