"""Every verb once alone, on an image that no process has open, and once beside the kernel that owns it.

Read are stdout and exit codes, and nothing else.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator

import pytest

from battui.cli.arguments import build_parser
from tests.functional.command_line.house import House, house_at, kernel_in
from tests.functional.command_line.verbs import VERBS, Verb

WITHOUT_JSON = frozenset({"completion bash", "demo"})


def perform(house: House, verb: Verb, code: int) -> None:
    """Run the verb; its code and every line that it prints are as they have to be."""
    words = [word.format(home=house.home) for word in verb.words]
    if verb.line not in WITHOUT_JSON:
        words = ["--output", "json", *words]
    found, out = house.run(*words)
    assert (verb.line, found) == (verb.line, code), out
    if reply := "error" if code else verb.reply:
        kinds = {json.loads(line)["reply"] for line in out.splitlines()}
        assert (verb.line, kinds) == (verb.line, {reply})


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> House:
    return house_at(tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = house_at(tmp_path_factory.mktemp("beside"))
    assert house.run("index", str(house.home / "notes.md"))[0] == 0
    with kernel_in(house):
        yield house


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.line)
def test_alone(alone: House, verb: Verb) -> None:
    perform(alone, verb, verb.code)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.line)
def test_beside_a_running_kernel(beside: House, verb: Verb) -> None:
    perform(beside, verb, verb.code if verb.beside is None else verb.beside)


def _commands(parser: ArgumentParser) -> set[str]:
    return {name for action in parser._actions if isinstance(action.choices, dict) for name in action.choices}


def test_no_verb_was_forgotten() -> None:
    assert _commands(build_parser()) == {verb.words[0] for verb in VERBS}
