"""A person approves and rejects with commands of their own, each in a process that may be killed."""

from __future__ import annotations

import json
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
