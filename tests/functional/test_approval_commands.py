"""A person approves and rejects with commands of their own, each in a process that may be killed."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from battui.contracts.commands import (
    ApproveMission,
)
from battui.contracts.replies import APPROVAL
from tests.functional.approval_steps import DOCILE, TAKE, WITHDRAW, ended
from tests.functional.conftest import BODIES, Live, script_of
from tests.functional.test_kill import battui, kill_when
from tests.functional.test_main_job import MAKE, TEACH, Scripted


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every battui that is started be told to ask."""
    monkeypatch.setenv("BATTUI_MISSION_APPROVAL", "ask")


def run(folder: Path, home: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one battui."""
    process = battui(folder, home, *arguments)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


async def test_a_kill_while_a_person_is_thinking_changes_nothing(
    scripted_image: Scripted, live: Live, tmp_path: Path, asking: None
) -> None:
    folder = scripted_image(script_of(BODIES))
    kill_when(battui(folder, tmp_path, "--send", MAKE, "--send", TEACH), f"waits: {APPROVAL}")
    async with live(folder) as life:
        assert (await life.mission("m1")).waiting == APPROVAL
        await life.submit(ApproveMission("m1"))
        assert await ended(life) == "COMPLETE"
        assert (await life.line("account.balance")).value == 150


def test_a_method_is_approved_on_the_command_line(
    scripted_image: Scripted, tmp_path: Path, asking: None
) -> None:
    folder = scripted_image(script_of(BODIES))
    code, _, err = run(folder, tmp_path, "--send", MAKE, "--send", TEACH)
    assert (code, "battui missions approve m1" in err) == (6, True)
    code, out, _ = run(folder, tmp_path, "missions", "show", "m1")
    assert code == 0
    for said in ("waiting for: your approval", "proposal:", "        self.balance += amount", "reject m1"):
        assert said in out
    code, out, err = run(folder, tmp_path, "missions", "approve", "m1", "--output", "json")
    view = json.loads(out)
    assert (code, view["reply"], view["state"], view["proposal"]) == (0, "mission", "COMPLETE", "")
    assert "installed deposit_" in err
    assert run(folder, tmp_path, "send", "account.balance")[1] == "150\n"
    code, _, err = run(folder, tmp_path, "missions", "approve", "m1")
    assert (code, "waits for no approval" in err) == (1, True)


def test_a_method_is_rejected_on_the_command_line(
    scripted_image: Scripted, tmp_path: Path, asking: None
) -> None:
    folder = scripted_image(script_of(WITHDRAW, extra=DOCILE))
    assert run(folder, tmp_path, "--send", MAKE, "--send", TAKE)[0] == 6
    assert run(folder, tmp_path, "missions", "reject", "m1")[0] == 2
    assert run(folder, tmp_path, "missions", "reject", "m1", "--reason", " ")[0] == 2
    reject = ("missions", "reject", "m1", "--output", "json", "--reason")
    code, out, _ = run(folder, tmp_path, *reject, "never below zero")
    view = json.loads(out)
    assert (code, view["waiting"], "max(0," in view["proposal"]) == (0, APPROVAL, True)
    code, out, _ = run(folder, tmp_path, *reject, "no")
    view = json.loads(out)
    assert (code, view["state"], view["failure"]) == (0, "FAILED", "rejected: no")
    assert run(folder, tmp_path, "missions", "retry", "m1")[0] == 6


def on_a_terminal(folder: Path, home: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and everything that one battui writes on a terminal of its own."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "battui", "--image", str(folder), "--engine", "scripted", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, **{f"XDG_{name}_HOME": str(home / name) for name in ("STATE", "CACHE", "CONFIG")}},
        start_new_session=True,
    )
    os.close(theirs)
    written = b""
    # Reading fails once the terminal's last writer has gone.
    with suppress(OSError):
        while piece := os.read(ours, 4096):
            written += piece
    os.close(ours)
    return process.wait(60), written.decode(errors="replace").replace("\r\n", "\n")


def test_on_a_terminal_one_is_asked_unless_told_otherwise_and_without_one_nobody_is(
    scripted_image: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BATTUI_MISSION_APPROVAL", raising=False)
    folder = scripted_image(script_of(BODIES))
    assert on_a_terminal(folder, tmp_path, "send", MAKE)[0] == 0
    code, written = on_a_terminal(folder, tmp_path, "send", TEACH)
    assert (code, "battui missions approve m1" in written) == (6, True)
    assert on_a_terminal(folder, tmp_path, "missions", "approve", "m1")[0] == 0
    audit = "account.audit()  # return twice the balance"
    assert on_a_terminal(folder, tmp_path, "--no-ui", "--send", audit)[0] == 0, "nobody sits at --no-ui"
    assert run(folder, tmp_path, "--send", "undone = genesis_obj.clone(balance=1)")[0] == 0
    assert run(folder, tmp_path, "--send", "undone.deposit_(amount=1)  # add amount to balance")[0] == 0
    monkeypatch.setenv("BATTUI_MISSION_APPROVAL", "auto")
    make = "own = genesis_obj.clone(balance=1)"
    assert on_a_terminal(folder, tmp_path, "send", make)[0] == 0
    assert on_a_terminal(folder, tmp_path, "send", "own.deposit_(amount=1)  # add amount to balance")[0] == 0
