"""A text in the user's own editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from battui.contracts.errors import Refused, UsageError

NOTE = "#: "
"""Begins the lines of an edited file that are no part of its text."""


def editor_of(environ: Mapping[str, str]) -> list[str]:
    """The command of $VISUAL or $EDITOR; raises UsageError where neither is set."""
    chosen = environ.get("VISUAL") or environ.get("EDITOR") or ""
    try:
        command = shlex.split(chosen)
    except ValueError as error:
        raise UsageError(f"it cannot be read: {error}", about=f"the editor {chosen!r}") from None
    if not command:
        raise UsageError("no editor is chosen", remedy="Set EDITOR, for example: EDITOR=nano")
    return command


def edited(text: str, name: str, notes: list[str]) -> str:
    """What the user makes of `text` in a file whose name ends in `name`, with `notes` above it.

    Raises UsageError where there is no editor, and Refused where it fails or nothing was changed.
    """
    command = editor_of(os.environ)
    head = "".join(f"{NOTE}{line}\n" for note in notes for line in note.splitlines())
    with tempfile.TemporaryDirectory(prefix="battui-edit-") as folder:
        path = Path(folder) / name
        path.write_text(f"{head}{text.rstrip()}\n", encoding="utf-8")
        _run([*command, str(path)])
        written = _read(path)
    if written == _without_notes(text):
        raise Refused("nothing was changed", about=name, remedy="Nothing was done, therefore.")
    return written


def _run(command: list[str]) -> None:
    try:
        code = subprocess.run(command, check=False).returncode
    except OSError as error:
        raise UsageError(
            f"it cannot be started: {error.strerror}", about=f"the editor {command[0]}"
        ) from None
    if code != 0:
        raise Refused(f"it ended with {code}", about=f"the editor {command[0]}", remedy="Nothing was done.")


def _read(path: Path) -> str:
    try:
        return _without_notes(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"what was written cannot be read: {error}", about=path.name) from None


def _without_notes(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith(NOTE.strip())]
    return "\n".join(lines).strip("\n") + "\n"
