"""The `battui` command in a process of its own, with a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model

COMMAND = (sys.executable, "-m", "battui.cli.main")
MAKE = "account = genesis_obj.clone(balance=100)"


@dataclass(frozen=True)
class Done:
    """How a run of battui ended."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Every line of stdout as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


Battui = Callable[..., Done]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home of its own, and nothing of the caller's configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BATTUI_", "XDG_"))}
    return kept | {"HOME": str(tmp_path)}


@pytest.fixture
def battui(environment: dict[str, str]) -> Battui:
    def run(*arguments: str, stdin: str = "", **more: str) -> Done:
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=environment | more,
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    return tmp_path / ".local" / "share" / "battui" / "image"


@pytest.fixture
def script(image_folder: Path, tmp_path: Path) -> Callable[[str], None]:
    """Give the image a model whose words stand in a file."""

    def write(rules: str) -> None:
        file = tmp_path / "script.toml"
        file.write_text(rules)
        record = ModelRecord("script", "Script", "scripted", "toml", "0" * 64, file.stat().st_size)
        with Image.open(str(image_folder)) as image:
            incarnate_model(image, record, {file.name: file}, consume=False)

    return write


def assert_told(done: Done, code: int, *hints: str) -> None:
    """One sentence on stderr with these words, nothing on stdout, no traceback, this code."""
    assert done.code == code, done.err
    assert done.out == ""
    assert done.err.splitlines()[-1].startswith("battui: ")
    assert "Traceback" not in done.err
    for hint in hints:
        assert hint in done.err
