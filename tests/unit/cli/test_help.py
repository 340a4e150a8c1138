"""Help at once, and as complete as a page of a manual."""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentParser

import pytest

from battui.cli.arguments import build_parser

HEAVY = (
    *("trio", "textual", "ZODB", "persistent", "transaction", "zope", "libcst", "numpy", "zmq", "ormsgpack"),
    *(
        "xllamacpp",
        "asyncio",
        "battui.kernel",
        "battui.image",
        "battui.engines",
        "battui.tui",
        "battui.bridge",
    ),
)


def _commands(parser: ArgumentParser) -> dict[str, ArgumentParser]:
    return {
        name: inner
        for action in parser._actions
        if isinstance(action.choices, dict)
        for name, inner in action.choices.items()
    }


COMMANDS = _commands(build_parser())


def test_to_print_help_nothing_heavy_is_imported() -> None:
    code = """
import sys, battui.cli.main as m
for words in (["--help"], ["missions", "show", "--help"], ["completion", "bash"]):
    try:
        m.main(words)
    except SystemExit as end:
        assert end.code == 0
print(*sys.modules, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stderr.split()

    assert "battui.cli.arguments" in loaded
    assert not set(HEAVY) & set(loaded)


def test_help_of_everything_says_where_what_lies_and_how_it_ends() -> None:
    text = build_parser().format_help()

    for section in ("usage: battui", "DESCRIPTION", "MESSAGE LINES", "EXIT STATUS", "ENVIRONMENT", "FILES"):
        assert section in text
    assert all(f"\n    {name} " in text for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_page(name: str) -> None:
    text = COMMANDS[name].format_help()

    for section in ("usage: battui", "shared flags:", "DESCRIPTION", "EXAMPLES", "EXIT STATUS"):
        assert section in text, (name, section)
    assert max(map(len, text.splitlines())) <= 122


@pytest.mark.parametrize("name", COMMANDS)
def test_what_the_examples_of_a_page_show_can_be_parsed(name: str) -> None:
    section = COMMANDS[name].format_help().split("EXAMPLES\n")[1].split("\n\n")[0]
    lines = [line.strip() for line in section.splitlines() if line.startswith("  battui ")]

    for line in lines:
        words = _words(line)
        if "--help" not in words:
            assert callable(build_parser().parse_args(words).run), line


def _words(line: str) -> list[str]:
    """The words after battui, up to a remark, a pipe or a file that is written."""
    import shlex

    words = shlex.split(line.split("   ", maxsplit=1)[0])[1:]
    ends = [place for place, word in enumerate(words) if word in ("|", ">")]
    return words[: ends[0]] if ends else words
