"""Completion scripts: bash is asked what it offers; the others are read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from battui.cli.arguments import build_parser
from battui.cli.completion_script import script_for

ASK = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_battui
printf '%s\\n' "${COMPREPLY[@]}"
"""
OFFERS = [
    (("battui", "mis"), {"missions"}),
    (("battui", "completion", ""), {"bash", "zsh", "fish"}),
    (("battui", "missions", "re"), {"retry", "reject"}),
    (("battui", "--image", "show", "missions", "re"), {"retry", "reject"}),
    (("battui", "missions", "list", "--op"), {"--open"}),
    (("battui", "bridge", "keys", "add", "me", "--role", "s"), {"send"}),
    (("battui", "show", "--output", ""), {"text", "json"}),
    (("battui", "show", "--output", "=", "j"), {"json"}),
    (("battui", "send", ""), {""}),
    (("battui", "frobnicate", "--verb"), {"--verbose"}),
]


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("completion") / "battui.bash"
    file.write_text(script_for("bash", build_parser()))
    return file


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(("words", "offered"), OFFERS)
def test_bash_offers_what_fits(script: Path, words: tuple[str, ...], offered: set[str]) -> None:
    asked = ["bash", "--norc", "-c", ASK, "ask", str(script), *words]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)

    assert (set(done.stdout.rstrip("\n").split("\n")), done.stderr) == (offered, "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_offers_files_where_files_are_meant(script: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("")
    words = ("battui", "index", f"{tmp_path}/no")
    asked = ["bash", "--norc", "-c", ASK, "ask", str(script), *words]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)

    assert done.stdout == f"{tmp_path}/notes.md\n"


def test_the_script_for_fish_knows_verbs_flags_and_choices() -> None:
    lines = script_for("fish", build_parser()).splitlines()

    assert any("'__battui_at \\'missions\\' exactly' -a retry -d " in line for line in lines)
    assert any("__battui_at \\'missions list\\'" in line and " -l open -d " in line for line in lines)
    assert any("-l output" in line and line.endswith("-x -a 'text json'") for line in lines)


def test_the_script_for_zsh_is_the_one_for_bash_behind_its_own_door() -> None:
    script = script_for("zsh", build_parser())

    assert "bashcompinit" in script
    assert script.endswith("complete -o filenames -F _battui battui\n")


def test_no_place_is_left_in_a_template() -> None:
    assert all("#COMMANDS#" not in script_for(shell, build_parser()) for shell in ("bash", "zsh", "fish"))
