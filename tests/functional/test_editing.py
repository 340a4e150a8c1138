"""A person writes the method that a mission did not find: it goes through guardian and cell like any other."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path

import pytest
import trio

from battui.contracts.commands import ApproveMission, EditMission, ListHistory, Send, ShowObject
from battui.contracts.commands import Path as ObjectPath
from battui.contracts.errors import GuardianRefused, MissionFailed, Refused
from battui.contracts.replies import HistoryList, ObjectView
from tests.functional.approval_steps import asked, ended, methods
from tests.functional.conftest import BODIES, Live, script_of
from tests.functional.test_approval_commands import run
from tests.functional.test_main_job import MAKE, TEACH, Scripted

WRONG = {"def deposit_": ["\n    self.balance -= amount\n", "\n    import os\n"]}
RIGHT = "def deposit_(self, amount):\n    self.balance = self.balance + amount\n    self._p_changed = True\n"


async def test_a_failed_mission_takes_a_persons_method_and_answers_its_sender(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(WRONG))) as life:
        await life.line(MAKE)
        with pytest.raises(MissionFailed):
            await life.line(TEACH)
        before = await life.mission("m1")
        assert (before.state, before.senders) == ("FAILED", 1)
        assert "self.balance -= amount" in before.draft, "what ran comes before what the guardian refused"
        past = len(life.events)
        await life.submit(EditMission("m1", RIGHT))
        await life.until(
            lambda event: event not in life.events[:past] and event.data.get("end") == "COMPLETE"
        )
        after = await life.mission("m1")
        assert (after.state, after.failure, after.draft) == ("COMPLETE", "", "")
        assert [candidate.source for candidate in after.candidates if candidate.chosen] == [RIGHT]
        assert (await life.line("account.balance")).value == 150, "the message was performed, once"
        view = await life.submit(ShowObject(ObjectPath(("account",))))
        assert isinstance(view, ObjectView)
        (method,) = [slot.method for slot in view.slots if slot.name == "deposit_"]
        assert method is not None
        assert method.trials
        history = await life.submit(ListHistory())
        assert isinstance(history, HistoryList)
        assert "edit m1" in [entry.description for entry in history.entries]


HEAD = "def deposit_(self, amount):\n"
OTHER = "def withdraw_(self, amount):\n    return 1\n"
REFUSED = {
    "what the guardian forbids": (f"{HEAD}    import os\n", GuardianRefused, "import"),
    "what does not parse": (f"{HEAD}    return (\n", GuardianRefused, "guardian"),
    "another method": (OTHER, GuardianRefused, HEAD.strip()),
    "other parameters": (HEAD.replace("amount", "sum") + "    return 1\n", GuardianRefused, HEAD.strip()),
    "what does not hold": (f"{HEAD}    return amount\n", Refused, "the expectation does not hold"),
    "what raises": (f"{HEAD}    return 1 / 0\n", Refused, "ZeroDivisionError"),
    "nothing": ("\n", GuardianRefused, "wrote nothing"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_not_good_enough_is_refused_and_kept(
    scripted_image: Scripted, live: Live, name: str
) -> None:
    source, kind, words = REFUSED[name]
    async with live(scripted_image(script_of(WRONG))) as life:
        await life.line(MAKE)
        with pytest.raises(MissionFailed):
            await life.line(TEACH)
        with pytest.raises(kind) as caught:
            await life.submit(EditMission("m1", source))
        assert words in str(caught.value)
        view = await life.mission("m1")
        assert (view.state, await methods(life)) == ("FAILED", [])
        if name in ("what the guardian forbids", "what does not hold", "what raises"):
            assert view.draft == source, "who goes on, goes on from there"
        await life.submit(EditMission("m1", RIGHT))
        await life.until(lambda event: event.kind == "installed")
        assert await methods(life) == ["deposit_"]


async def test_a_proposal_is_edited_and_needs_no_further_approval(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES)), mission__approval="ask") as life:
        await life.line(MAKE)
        await asked(life)
        assert (await life.mission("m1")).draft == (await life.mission("m1")).proposal
        with pytest.raises(GuardianRefused):
            await life.submit(EditMission("m1", "def deposit_(self, amount):\n    open('x')\n"))
        waiting = await life.mission("m1")
        assert waiting.proposal, "the mission still waits"
        await life.submit(EditMission("m1", RIGHT))
        assert await ended(life) == "COMPLETE"
        assert (await life.line("account.balance")).value == 150
        for late in (EditMission("m1", RIGHT), ApproveMission("m1")):
            with pytest.raises(Refused):
                await life.submit(late)


async def test_only_missions_for_methods_that_have_none_are_edited(
    scripted_image: Scripted, live: Live
) -> None:
    slow = "[[rules]]\nmatch = 'def deposit_'\nanswers = ['x x x x x x x x x x']\ndelay = 30.0\n"
    async with live(scripted_image(script_of({}, extra=slow))) as life:
        await life.line(MAKE)
        await life.line("account ? 'What is my shoe size?'")
        with pytest.raises(Refused, match="not for a method"):
            await life.submit(EditMission("m1", RIGHT))
        send = Send(ObjectPath(("account",)), "deposit_", named=(("amount", 1),), wait=False)
        await life.submit(send)
        await life.until(lambda event: event.mission == "m2" and event.data.get("state") == "SYNTHESIZING")
        with pytest.raises(Refused, match="still being thought about"):
            await life.submit(EditMission("m2", RIGHT))


async def test_what_a_person_wrote_survives_a_restart_and_needs_no_model(
    scripted_image: Scripted, live: Live
) -> None:
    folder = scripted_image(script_of(WRONG))
    async with live(folder) as life:
        await life.line(MAKE)
        with pytest.raises(MissionFailed):
            await life.line(TEACH)
        with pytest.raises(Refused):
            await life.submit(EditMission("m1", "def deposit_(self, amount):\n    return amount\n"))
    async with live(folder, engine__name="none") as life:
        assert "return amount" in (await life.mission("m1")).draft
        await life.submit(EditMission("m1", RIGHT))
        assert await ended(life) == "COMPLETE", "no model is needed for what a person wrote"


def editor(folder: Path, text: str) -> str:
    """An editor that writes `text` where it finds the `def` line, and leaves the notes above as they are."""
    script = folder / "editor.py"
    script.write_text(
        "import pathlib, sys\n"
        "path = pathlib.Path(sys.argv[-1])\n"
        "notes = [line for line in path.read_text().splitlines() if line.startswith('#:')]\n"
        "assert notes and path.suffix == '.py'\n"
        f"path.write_text('\\n'.join(notes) + '\\n' + {text!r})\n"
    )
    return f"{sys.executable} {script}"


async def test_a_failed_mission_is_edited_on_the_command_line(
    scripted_image: Scripted, live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = scripted_image(script_of(WRONG))
    async with live(folder) as life:
        await life.line(MAKE)
        with pytest.raises(MissionFailed):
            await life.line(TEACH)
    edit = partial(
        trio.to_thread.run_sync, run, folder, tmp_path, "missions", "edit", "m1", "--output", "json"
    )
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor(tmp_path, "def deposit_(self, amount):\n    import os\n"))
    code, _, err = await edit()
    assert (code, "It is kept: battui missions edit m1" in err) == (5, True)
    monkeypatch.setenv("VISUAL", editor(tmp_path, RIGHT))
    code, out, err = await edit()
    assert (code, json.loads(out)["state"], "installed deposit_" in err) == (0, "COMPLETE", True)
    async with live(folder) as life:
        assert (await life.line("account.balance")).value == 150
