"""A text in the user's own editor: real processes that write, leave alone, fail or are not there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from battui.cli.editor import edited, editor_of
from battui.contracts.errors import Refused, UsageError

TEXT = "def a(self):\n    return 1\n"


def set_editor(monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> None:
    script = folder / "an editor.py"
    script.write_text(f"import pathlib, sys\npath = pathlib.Path(sys.argv[-1])\n{code}\n")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{sys.executable} '{script}'")


def test_what_was_written_comes_back_without_the_notes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code = "text = path.read_text()\nassert text.startswith('#: one\\n#: two\\ndef a')\n"
    code += "path.write_text(text.replace('return 1', 'return 2  # two'))"
    set_editor(monkeypatch, tmp_path, code)
    assert edited(TEXT, "m1.py", ["one\ntwo"]) == TEXT.replace("return 1", "return 2  # two")


FAILING = {
    "it leaves the text alone": ("", "nothing was changed"),
    "it changes the notes alone": (
        "path.write_text('#: three\\n' + path.read_text())",
        "nothing was changed",
    ),
    "it fails": ("raise SystemExit(3)", "ended with 3"),
    "it takes the file away": ("path.unlink()", "cannot be read"),
    "it writes no text": ("path.write_bytes(b'\\xff\\xfe')", "cannot be read"),
}


@pytest.mark.parametrize("name", FAILING)
def test_what_is_no_edit_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    code, words = FAILING[name]
    set_editor(monkeypatch, tmp_path, code)
    with pytest.raises(Refused, match=words):
        edited(TEXT, "m1.py", ["one"])


def test_visual_comes_before_editor_and_one_of_them_has_to_be_there() -> None:
    assert editor_of({"VISUAL": "vi -u NONE", "EDITOR": "ed"}) == ["vi", "-u", "NONE"]
    assert editor_of({"EDITOR": "ed"}) == ["ed"]
    for environ in ({}, {"EDITOR": " "}, {"EDITOR": "'unclosed"}):
        with pytest.raises(UsageError):
            editor_of(environ)


def test_an_editor_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VISUAL", str(tmp_path / "gone"))
    with pytest.raises(UsageError, match="gone"):
        edited(TEXT, "m1.py", [])
