"""A home in which an account has learned something, commands in it, and a kernel that owns its image."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model, sha256_of
from tests.exllamav2_on_cpu import write_model
from tests.functional.command_line.verbs import CASE, LEARN, MAKE, METHOD, SCRIPT, VERA
from tests.functional.memory_bench import Q_ONLY, SMALL
from tests.peft_adapters import make_adapter

COMMAND = (sys.executable, "-m", "battui")


@dataclass
class House:
    """A home with an image in which an account has learned deposit_."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str) -> tuple[int, str]:
        """The exit code and stdout of one command."""
        done = subprocess.run(
            [*COMMAND, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=110,
            check=False,
        )
        return done.returncode, done.stdout


def house_at(home: Path) -> House:
    (home / "notes.md").write_text("# Garden\n\nWater the tomatoes every evening.\n")
    (home / "cases.jsonl").write_text(CASE)
    (home / "method.py").write_text(METHOD)
    (home / "vera.toml").write_text(VERA)
    write_model(home / "small", "", "a b")
    make_adapter(home / "poet", SMALL, seed=1, targets=Q_ONLY)
    script = home / "script.toml"
    script.write_text(SCRIPT)
    record = ModelRecord("script", "Script", "script", "scripted", sha256_of(script), script.stat().st_size)
    with Image.open(str(home / ".local" / "share" / "battui" / "image")) as image:
        incarnate_model(image, record, {"script.toml": script}, consume=False)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BATTUI_", "XDG_"))}
    house = House(home, kept | {"HOME": str(home), "BATTUI_ENGINE_NAME": "scripted", "EDITOR": "true"})
    code, out = house.run("--no-ui", "--send", MAKE, "--send", LEARN)
    assert code == 0, out
    return house


@contextmanager
def kernel_in(house: House, *flags: str) -> Iterator[dict[str, Any]]:
    """A kernel that serves the house's image, and what it said when it was ready."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as ready:
        serving = subprocess.Popen(
            [*COMMAND, "bridge", "serve", "--ready", str(writing), *flags],
            pass_fds=(writing,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=house.environment,
        )
        os.close(writing)
        try:
            word = json.loads(ready.read())
            assert word["pid"] == serving.pid
            yield word
        finally:
            serving.terminate()
            serving.wait(60)
