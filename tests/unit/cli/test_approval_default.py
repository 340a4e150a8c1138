"""Who is asked before a method is installed: what was set, else whoever sits at a terminal."""

from __future__ import annotations

import os
import pty
from dataclasses import replace

import pytest

from battui.cli.approval import with_approval
from battui.contracts.settings import Settings, load_settings


@pytest.fixture
def settings() -> Settings:
    return load_settings({}, {"HOME": "/home/nobody"}, None)


def test_at_a_terminal_a_person_is_asked_and_elsewhere_nobody(settings: Settings) -> None:
    assert with_approval(settings, terminal=True).mission.approval == "ask"
    assert with_approval(settings, terminal=False).mission.approval == "auto"


@pytest.mark.parametrize("approval", ["ask", "auto"])
@pytest.mark.parametrize("terminal", [True, False])
def test_what_was_set_wins(settings: Settings, approval: str, terminal: bool) -> None:
    chosen = replace(settings, mission=replace(settings.mission, approval=approval))
    assert with_approval(chosen, terminal=terminal) == chosen


@pytest.mark.parametrize("piped", ["", "stdin", "stdout"])
def test_a_terminal_is_one_that_is_read_and_written(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, piped: str
) -> None:
    ours, theirs = pty.openpty()
    reading, writing = os.pipe()
    try:
        with os.fdopen(theirs, "r") as terminal, os.fdopen(reading, "r") as pipe:
            for name in ("stdin", "stdout"):
                monkeypatch.setattr(f"sys.{name}", pipe if name == piped else terminal)
            decided = with_approval(settings).mission.approval
            monkeypatch.undo()
    finally:
        os.close(ours)
        os.close(writing)
    assert decided == ("auto" if piped else "ask")
