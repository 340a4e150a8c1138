"""A mission proposes a method: it is seen, approved or rejected by keyboard."""

from __future__ import annotations

import pytest

from battui.contracts.commands import ApproveMission, Command, RejectMission
from battui.contracts.replies import MissionView
from battui.tui.mission_book import MissionPage
from battui.tui.widgets.mission_text import mission_text
from tests.unit.tui.screen import NARROW, WIDE, Terminal, open_terminal, played
from tests.unit.tui.small_world import SOURCE

LINE = "account.deposit_(amount=50)"


def decisions(terminal: Terminal) -> list[Command]:
    return [one for one in terminal.portal.commands if isinstance(one, ApproveMission | RejectMission)]


async def propose(terminal: Terminal, replaces: str = "") -> None:
    """Send a line, let its mission propose a method, and go there."""
    await terminal.write(LINE)
    terminal.portal.enter("m1", "SYNTHESIZING")
    terminal.portal.propose("m1", SOURCE, replaces)
    await terminal.shows("waits for your approval")
    await terminal.press("escape", "2")


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_a_proposal_is_shown_with_its_keys_and_approved(size: tuple[int, int]) -> None:
    async def scene() -> None:
        async with open_terminal(size=size) as terminal:
            await propose(terminal)
            await terminal.press("enter")
            await terminal.shows("Proposal  a approves, R rejects", "self.balance = self.balance + amount")
            assert "Changes to" not in terminal.text
            await terminal.press("a")
            await terminal.shows("The method is approved.")
            assert decisions(terminal) == [ApproveMission("m1")]
            await terminal.until(lambda: "Proposal" not in terminal.text)

    played(scene)


def test_a_proposal_is_rejected_with_a_reason() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await propose(terminal)
            await terminal.press("R")
            await terminal.shows("Reject account.deposit_", "What should the method do instead?")
            await terminal.press("enter")
            await terminal.press(*"a:R2?", "space", *"ok", "enter")
            await terminal.shows("The method is rejected.")
            assert decisions(terminal) == [RejectMission("m1", "a:R2? ok")]
            assert "What should" not in terminal.text

    played(scene)


def test_who_leaves_the_question_rejects_nothing() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await propose(terminal)
            await terminal.press("R")
            await terminal.shows("Reject account.deposit_")
            await terminal.press("n", "o", "escape")
            await terminal.until(lambda: "Reject account.deposit_" not in terminal.text)
            await terminal.shows("a approves, R rejects")
            assert decisions(terminal) == []

    played(scene)


def test_one_is_told_wherever_one_is_and_once() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            terminal.portal.begin_mission("m7", "ledger.total_()")
            await terminal.shows("Missions 1")
            terminal.portal.propose("m7", SOURCE)
            await terminal.shows("ledger.total_() waits for your approval. Look at it: 2")
            terminal.portal.say("m7", "SAGE", "a detail")
            terminal.portal.propose("m7", SOURCE)
            await terminal.press("2")
            await terminal.shows("a detail")
            assert terminal.text.count("Look at it") == 1

    played(scene)


def test_what_a_proposal_changes_is_shown() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await propose(terminal, SOURCE.replace("+ amount", "- amount"))
            await terminal.shows(
                "Changes to the present method",
                "-    self.balance = self.balance - amount",
                "+    self.balance = self.balance + amount",
            )

    played(scene)


def test_what_a_proposal_was_tried_on_is_shown() -> None:
    proof = ("rules: covenant", "passed: the message that was sent: 1")
    view = MissionView("m1", "lesson", "SYNTHESIZING", LINE, "account", 0.0, proposal=SOURCE, proof=proof)
    told = str(mission_text(MissionPage(view), 1.0))
    assert "Certificate\nrules: covenant\npassed: the message that was sent: 1" in told


def test_a_mission_that_proposes_nothing_is_not_decided_about() -> None:
    async def scene() -> None:
        async with open_terminal(keymap={"missions.approve": "f5"}) as terminal:
            await terminal.write(LINE)
            await terminal.press("escape", "2")
            await terminal.shows("idle")
            for key in ("f5", "R"):
                await terminal.press(key)
                await terminal.shows("This mission waits for no approval.")
                terminal.app.clear_notifications()
                await terminal.until(lambda: "waits for no approval" not in terminal.text)
            assert decisions(terminal) == []
            terminal.portal.propose("m1", SOURCE)
            await terminal.shows("f5 approves, R rejects")

    played(scene)
