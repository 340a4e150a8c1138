"""The command line's own promises: quick help, flags in any place, scripts parsed whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from battui.cli.arguments import build_parser
from battui.cli.progress import StepProgress
from battui.cli.script import read_sources
from battui.contracts.commands import Path as ObjectPath
from battui.contracts.commands import Read
from battui.contracts.errors import NotASelector, UsageError

HEAVY = ("trio", "textual", "ZODB", "libcst", "zmq", "xllamacpp", "asyncio", "battui.kernel", "battui.image")


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, battui.cli.arguments as a; a.build_parser(); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert "battui.cli.arguments" in loaded
    assert not set(HEAVY) & set(loaded)


@pytest.mark.parametrize(
    "line",
    ["--image here --output json show account", "show account --image here --output json"],
)
def test_shared_flags_stand_before_or_after_the_command(line: str) -> None:
    arguments = build_parser().parse_args(line.split())

    assert (arguments.image, arguments.output, arguments.path) == ("here", "json", "account")


@pytest.mark.parametrize(
    ("line", "limit", "only_open"),
    [
        ("missions", 100, False),
        ("missions list", 100, False),
        ("missions --limit 2 --open", 2, True),
        ("missions list --limit 2", 2, False),
        ("missions --open list --limit 3", 3, True),
    ],
)
def test_missions_are_listed_with_or_without_the_verb(line: str, limit: int, only_open: bool) -> None:
    arguments = build_parser().parse_args(line.split())

    assert (arguments.limit, arguments.only_open) == (limit, only_open)


def test_an_abbreviated_flag_is_no_flag() -> None:
    with pytest.raises(UsageError, match="--imag"):
        build_parser().parse_args(["--imag=here", "show"])


def test_sources_keep_their_order_and_their_places(tmp_path: Path) -> None:
    script = tmp_path / "lines"
    script.write_text("# comment\n\nb\n")

    lines = read_sources([("send", "a"), ("script", str(script)), ("send", "c")])

    assert [line.command for line in lines] == [Read(ObjectPath((name,))) for name in "abc"]
    assert [line.where for line in lines] == ["--send, line 1", f"{script}, line 3", "--send, line 2"]


@pytest.mark.parametrize(("line", "error"), [("a.", UsageError), ("a.b(_c=1)", NotASelector)])
def test_a_line_that_cannot_be_read_is_named(line: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="--send, line 2"):
        read_sources([("send", "a"), ("send", line)])


def test_progress_off_a_terminal_is_a_line_each_quarter(capsys: pytest.CaptureFixture[str]) -> None:
    progress = StepProgress()
    for done in range(101):
        progress("check", done << 20, 100 << 20)
    progress("store", 0, 0)
    progress.close()

    assert capsys.readouterr().err.splitlines() == [
        *(f"checking {done}.0 of 100.0 MiB" for done in (0, 25, 50, 75, 100)),
        "storing 0.0 of 0.0 MiB",
    ]
