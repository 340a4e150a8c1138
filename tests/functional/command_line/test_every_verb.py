"""Every verb once alone, on an image that no process has open, and once beside the kernel that owns it.

Read are stdout and exit codes, and nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from battui.cli.arguments import build_parser
from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model, sha256_of
from tests.functional.command_line.verbs import CASE, LEARN, MAKE, METHOD, SCRIPT, VERBS, Verb

COMMAND = (sys.executable, "-m", "battui")
WITHOUT_JSON = frozenset({"completion bash", "demo"})


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

    def perform(self, verb: Verb, code: int) -> None:
        """Run the verb; its code and every line that it prints are as they have to be."""
        words = [word.format(home=self.home) for word in verb.words]
        if verb.line not in WITHOUT_JSON:
            words = ["--output", "json", *words]
        found, out = self.run(*words)
        assert (verb.line, found) == (verb.line, code), out
        if reply := "error" if code else verb.reply:
            kinds = {json.loads(line)["reply"] for line in out.splitlines()}
            assert (verb.line, kinds) == (verb.line, {reply})


def _house(home: Path) -> House:
    (home / "notes.md").write_text("# Garden\n\nWater the tomatoes every evening.\n")
    (home / "cases.jsonl").write_text(CASE)
    (home / "method.py").write_text(METHOD)
    script = home / "script.toml"
    script.write_text(SCRIPT)
    record = ModelRecord("script", "Script", "script", "scripted", sha256_of(script), script.stat().st_size)
    with Image.open(str(home / ".local" / "share" / "battui" / "image")) as image:
        incarnate_model(image, record, {"script.toml": script}, consume=False)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BATTUI_", "XDG_"))}
    house = House(home, kept | {"HOME": str(home), "BATTUI_ENGINE_NAME": "scripted"})
    code, out = house.run("--no-ui", "--send", MAKE, "--send", LEARN)
    assert code == 0, out
    return house


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> House:
    return _house(tmp_path_factory.mktemp("alone"))


@contextmanager
def _kernel(house: House) -> Iterator[None]:
    reading, writing = os.pipe()
    with os.fdopen(reading) as ready:
        serving = subprocess.Popen(
            [*COMMAND, "bridge", "serve", "--ready", str(writing)],
            pass_fds=(writing,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=house.environment,
        )
        os.close(writing)
        try:
            assert json.loads(ready.read())["pid"] == serving.pid
            yield
        finally:
            serving.terminate()
            serving.wait(60)


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = _house(tmp_path_factory.mktemp("beside"))
    assert house.run("index", str(house.home / "notes.md"))[0] == 0
    with _kernel(house):
        yield house


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.line)
def test_alone(alone: House, verb: Verb) -> None:
    alone.perform(verb, verb.code)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.line)
def test_beside_a_running_kernel(beside: House, verb: Verb) -> None:
    beside.perform(verb, verb.code if verb.beside is None else verb.beside)


def _commands(parser: ArgumentParser) -> set[str]:
    return {name for action in parser._actions if isinstance(action.choices, dict) for name in action.choices}


def test_no_verb_was_forgotten() -> None:
    assert _commands(build_parser()) == {verb.words[0] for verb in VERBS}
