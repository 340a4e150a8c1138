"""Every verb once alone, on an image that no process has open, and once beside the kernel that owns it.

Read are stdout and exit codes, and nothing else.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from battui.cli.arguments import build_parser
from battui.cli.reply_schema import schema
from tests.functional.command_line.house import House, house_at, kernel_in
from tests.functional.command_line.verbs import VERBS, Verb

WITHOUT_JSON = frozenset({"completion bash", "demo"})
SCHEMA_FILE = Path(__file__).parents[3] / "docs" / "replies.schema.json"
EACH = [pytest.param(verb, id=verb.line, marks=[pytest.mark.slow] * verb.slow) for verb in VERBS]
VALIDATOR = Draft202012Validator(schema())


def perform(house: House, verb: Verb, code: int) -> None:
    """Run the verb; its code and every line that it prints are as they have to be."""
    words = [word.format(home=house.home) for word in verb.words]
    if verb.line not in WITHOUT_JSON:
        words = ["--output", "json", *words]
    found, out = house.run(*words)
    assert (verb.line, found) == (verb.line, code), out
    if verb.line in WITHOUT_JSON:
        return
    replies = [json.loads(line) for line in out.splitlines()]
    for reply in replies:
        VALIDATOR.validate(reply)
    if kind := "error" if code else verb.reply:
        assert (verb.line, {reply["reply"] for reply in replies}) == (verb.line, {kind})


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> House:
    return house_at(tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = house_at(tmp_path_factory.mktemp("beside"))
    assert house.run("index", str(house.home / "notes.md"))[0] == 0
    with kernel_in(house):
        yield house


@pytest.mark.parametrize("verb", EACH)
def test_alone(alone: House, verb: Verb) -> None:
    perform(alone, verb, verb.code)


@pytest.mark.parametrize("verb", EACH)
def test_beside_a_running_kernel(beside: House, verb: Verb) -> None:
    perform(beside, verb, verb.code if verb.beside is None else verb.beside)


def _leaves(parser: ArgumentParser, way: tuple[str, ...] = ()) -> Iterator[str]:
    """The command lines that are complete without another verb."""
    below = [action.choices for action in parser._actions if isinstance(action.choices, dict)]
    if not below:
        yield " ".join(way)
    for choices in below:
        for name, each in choices.items():
            yield from _leaves(each, (*way, name))


def test_no_verb_was_forgotten() -> None:
    """The kernel that the others run beside is `bridge serve` itself."""
    lines = [f"{verb.line} " for verb in VERBS]
    left = {
        leaf for leaf in _leaves(build_parser()) if not any(line.startswith(f"{leaf} ") for line in lines)
    }
    assert left == {"bridge serve"}


def test_the_schema_on_the_page_is_that_of_what_is_printed() -> None:
    kept = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert kept == schema(), "python -m battui.cli.reply_schema > docs/replies.schema.json"
