"""A line is written, a mission thinks, the answer comes: by keyboard, seen on the screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import Key

from battui.contracts.commands import CancelMission, RetryMission, Send, Undo
from battui.contracts.commands import Path as Names
from battui.contracts.generation import EngineStatus
from battui.contracts.replies import CandidateView
from tests.unit.tui.screen import NARROW, WIDE, open_terminal, played
from tests.unit.tui.scripted_portal import ScriptedPortal
from tests.unit.tui.small_world import DEPOSIT, SOURCE, SUMMARIES

LINE = "account.deposit_(amount=50)  # add amount to balance => self.balance == 150"


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_a_message_becomes_a_mission_that_is_followed_to_its_answer(size: tuple[int, int]) -> None:
    async def scene() -> None:
        async with open_terminal(size=size) as terminal:
            portal = terminal.portal
            await terminal.write(LINE)
            await terminal.shows(": account.deposit_(amount=50)", "○ idle")

            await terminal.press("escape", "2")
            await terminal.shows("Missions 1")
            await terminal.press("enter")
            portal.enter("m1", "SYNTHESIZING")
            portal.say("m1", "STEWARD", "Add the amount.")
            portal.judge("m1", CandidateView(0, "return open('x')", "the name open is not offered", False))
            portal.write("m1", 1, "def deposit_(self,")
            await terminal.shows(
                "◐ synthesizing", "STEWARD", "✗ the name open is not offered", "Candidate 2  writing"
            )
            portal.write("m1", 1, " amount):")
            await terminal.shows("def deposit_(self, amount):")

            portal.judge("m1", CandidateView(1, SOURCE, "1 of 1 trials passed", True, chosen=True))
            portal.complete("m1", "150")
            await terminal.shows("= 150   m1, 6 s", "✓ 1 of 1 trials passed, chosen", "✓ complete")

    played(scene)


def test_the_command_sent_is_the_line_written() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.write(LINE)
            sent = [command for command in terminal.portal.commands if isinstance(command, Send)]
            amount = (("amount", 50),)
            meaning, truth = "add amount to balance", "self.balance == 150"
            assert sent == [Send(Names(("account",)), "deposit_", (), amount, meaning, truth, wait=False)]

    played(scene)


def test_what_cannot_be_read_is_refused_before_anything_is_sent() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.write("account.deposit_(50) + 1")
            await terminal.shows("A line looks like: account.deposit_(amount=50)")
            assert not any(isinstance(command, Send) for command in terminal.portal.commands)
            assert terminal.line.value == "account.deposit_(50) + 1"
            await terminal.press("backspace")
            await terminal.until(lambda: "A line looks like" not in terminal.text)

    played(scene)


def test_an_error_of_the_kernel_is_one_sentence_with_its_remedy() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.write("account.blance")
            await terminal.shows("✗ account.blance: there is no such slot. Write it first.")
            await terminal.write("account.balance")
            await terminal.shows("= 100")

    played(scene)


def test_several_lines_wait_at_once() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.write("account.deposit_(amount=50)")
            await terminal.write("ada.greet_()")
            await terminal.shows("Missions 2")
            terminal.portal.complete("m2", "'hello'")
            await terminal.shows("= 'hello'", "○ idle", "Missions 1")

    played(scene)


def test_a_failed_mission_says_why_and_can_be_tried_again_or_cancelled() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.write("ada.greet_()")
            terminal.portal.fail("m1", "no candidate passed")
            await terminal.press("escape", "2")
            await terminal.shows("✗ failed", "no candidate passed")
            await terminal.press("r")
            await terminal.shows("○ idle")
            await terminal.press("x")
            await terminal.shows("✗ failed")
            assert RetryMission("m1") in terminal.portal.commands
            assert CancelMission("m1") in terminal.portal.commands

    played(scene)


def test_a_mission_is_taken_back_and_the_undo_is_taken_back() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.write("ada.greet_()")
            terminal.portal.complete("m1", "'hello'")
            await terminal.press("escape", "2")
            await terminal.shows("✓ complete")
            await terminal.press("z")
            await terminal.shows("m1 is taken back")
            await terminal.press("Z")
            await terminal.shows("03ff03 is taken back")
            undone = [command for command in terminal.portal.commands if isinstance(command, Undo)]
            assert undone == [Undo("m1"), Undo("03ff03")]

    played(scene)


def test_events_that_were_lost_are_made_up_for() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.write("ada.greet_()")
            await terminal.press("escape", "2")
            await terminal.shows("○ idle")
            terminal.portal.begin_mission("m9", "ledger.total_")
            await terminal.shows("ledger.total_")
            view = terminal.portal.missions["m9"]
            terminal.portal.missions["m9"] = type(view)(
                "m9", "method", "COMPLETE", "ledger.total_", "ledger", view.started_at, answer="7"
            )
            terminal.portal.tell("heartbeat", "woke up", skip=5)
            await terminal.shows("✓ complete")

    played(scene)


def test_an_empty_image_teaches_the_main_job() -> None:
    async def scene() -> None:
        absent = EngineStatus("absent", "No model is in this image. Run: battui model add small")
        portal = ScriptedPortal(objects=SUMMARIES[2:], engine=absent)
        async with open_terminal(portal, size=NARROW) as terminal:
            await terminal.shows("Welcome to battui", "genesis_obj.clone", "Run: battui model add small")
            await terminal.shows("reads the slot", "no first steps")
            portal.objects = SUMMARIES
            portal.tell("object", "account")
            await terminal.until(lambda: "Welcome" not in terminal.text and "account" in terminal.text)

    played(scene)


def test_lines_are_remembered_from_one_run_to_the_next(tmp_path: Path) -> None:
    async def scene() -> None:
        async with open_terminal(state_dir=tmp_path) as terminal:
            await terminal.write("account.balance")
            await terminal.write("account.owner")
            await terminal.until((tmp_path / "message_history").exists)
        async with open_terminal(state_dir=tmp_path) as terminal:
            await terminal.press("colon", "up", "up")
            assert terminal.line.value == "account.balance"
            await terminal.press("down")
            assert terminal.line.value == "account.owner"
            await terminal.press("down")
            assert terminal.line.value == ""
        assert (tmp_path / "message_history").stat().st_mode & 0o077 == 0

    played(scene)


@pytest.mark.parametrize(
    ("written", "completed"),
    [("acc", "account"), ("account.dep", "account.deposit_("), ("x = gen", "x = genesis_obj"), ("a", "a")],
)
def test_tab_completes_names_and_messages(written: str, completed: str) -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.press("colon")
            terminal.line.insert_text_at_cursor(written)
            await terminal.press("tab")
            await terminal.until(lambda: terminal.line.value == completed)

    played(scene)


def test_a_method_shows_where_it_comes_from() -> None:
    assert DEPOSIT.tree_hash.startswith("9f8e7d6c5b4a")

    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.shows("account  @1")
            await terminal.press("enter", "end")
            await terminal.shows(
                "deposit_(amount)",
                "add amount to balance",
                "guardian 1 9f8e7d6c5b4a",
                "self._p_changed = True",
            )
            await terminal.press("z")
            await terminal.shows("m1 is taken back")

    played(scene)


def test_keys_that_come_in_one_burst_are_all_written() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.shows("account  @1")
            for character in ("colon", *"ada", *"name"):
                terminal.app.post_message(Key(character, character if len(character) == 1 else ":"))
            await terminal.until(lambda: terminal.line.value == "adaname")

    played(scene)


def test_the_newest_mission_is_the_chosen_one() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.write("account.deposit_(amount=50)")
            await terminal.press("escape", "2")
            await terminal.shows("m1  account")
            await terminal.write("ada.greet_()")
            await terminal.shows("m2  account")

    played(scene)
