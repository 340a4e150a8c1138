"""With `mission.approval = ask` nothing is installed before a person has said yes, however often battui ends."""

from __future__ import annotations

from typing import Any

import pytest

from battui.contracts.commands import (
    ApproveMission,
    CancelMission,
    ListHistory,
    RejectMission,
    RetryMission,
    Undo,
)
from battui.contracts.errors import ApprovalNeeded, MissionFailed, Refused, UnknownObject, UsageError
from battui.contracts.replies import APPROVAL, HistoryList, MissionView
from battui.image.image import Image
from battui.mind.cycle import cycle_of
from tests.functional.approval_steps import DOCILE, TAKE, WITHDRAW, asked, ended, methods, waits_again
from tests.functional.conftest import BODIES, Live, script_of
from tests.functional.test_main_job import MAKE, TEACH, Scripted


async def test_a_method_waits_for_approval_and_is_then_installed_and_the_sender_answered(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES)), mission__approval="ask") as life:
        await life.line(MAKE)
        with pytest.raises(ApprovalNeeded) as caught:
            await life.line(TEACH)
        for said in ("m1", APPROVAL, "battui missions show m1", "battui missions approve m1"):
            assert said in str(caught.value)
        waiting = await life.mission("m1")
        assert (waiting.state, waiting.waiting, waiting.replaces) == ("SYNTHESIZING", APPROVAL, "")
        assert waiting.proposal.endswith("self._p_changed = True")
        assert (await methods(life), (await life.line("account.balance")).value) == ([], 100)
        told = [event for event in life.events if event.data.get("state") == "waits"]
        assert [(event.mission, event.text) for event in told] == [("m1", f"waits: {APPROVAL}")]

        decided = await life.submit(ApproveMission("m1"))
        assert isinstance(decided, MissionView)
        assert (decided.waiting, decided.proposal) == ("", "")
        assert await ended(life) == "COMPLETE"
        assert (await methods(life), (await life.line("account.balance")).value) == (["deposit_"], 150)
        assert (await life.line("account.deposit_(amount=1)")).mission == ""


async def test_a_rejection_is_told_to_the_model_and_the_next_candidate_is_proposed(
    scripted_image: Scripted, live: Live
) -> None:
    folder = scripted_image(script_of(WITHDRAW, extra=DOCILE))
    async with live(folder, mission__approval="ask") as life:
        await life.line(MAKE)
        assert await asked(life, TAKE) == "m1"
        first = (await life.mission("m1")).proposal
        await life.submit(RejectMission("m1", "never below zero"))
        await waits_again(life)
        second = await life.mission("m1")
        assert "max(0," in second.proposal
        assert "max(0," not in first
        verdicts = [candidate.verdict for candidate in second.candidates]
        assert sum("rejected: never below zero" in verdict for verdict in verdicts) == 1
        assert any("rejected before" in verdict for verdict in verdicts)
        assert [candidate.source for candidate in second.candidates if candidate.chosen] == [second.proposal]
        await life.submit(ApproveMission("m1"))
        assert await ended(life) == "COMPLETE"
        assert (await life.line("account.balance")).value == 0


async def test_a_mission_whose_last_attempt_is_rejected_fails_with_the_reason(
    scripted_image: Scripted, live: Live
) -> None:
    flags: dict[str, Any] = {"mission__approval": "ask", "mission__attempts": 1}
    async with live(scripted_image(script_of(BODIES)), **flags) as life:
        await life.line(MAKE)
        await asked(life)
        await life.submit(RejectMission("m1", "balances are kept in cents"))
        assert await ended(life) == "FAILED"
        mission = await life.mission("m1")
        assert (mission.failure, mission.proposal) == ("rejected: balances are kept in cents", "")
        assert await methods(life) == []
        # From the beginning means that nothing is remembered against any candidate.
        await life.submit(RetryMission("m1"))
        await waits_again(life)
        await life.submit(ApproveMission("m1"))
        await life.until(lambda event: event.kind == "installed")
        assert await methods(life) == ["deposit_"]


async def test_a_mission_waits_again_after_a_restart_and_needs_no_model_to_be_approved(
    scripted_image: Scripted, live: Live
) -> None:
    folder = scripted_image(script_of(BODIES))
    async with live(folder, mission__approval="ask") as life:
        await life.line(MAKE)
        await asked(life)
        before = await life.mission("m1")
    async with live(folder, engine__name="none") as life:
        assert (await life.mission("m1")).proposal == before.proposal
        assert await asked(life, "account.deposit_(amount=1)") == "m1"
        await life.submit(ApproveMission("m1"))
        assert await ended(life) == "COMPLETE"
        assert (await life.line("account.balance")).value == 151
        assert (await life.mission("m1")).candidates == before.candidates


async def test_a_decision_that_a_kill_kept_from_being_followed_is_followed_on_the_next_start(
    scripted_image: Scripted, live: Live
) -> None:
    folder = scripted_image(script_of(BODIES))
    async with live(folder, mission__approval="ask") as life:
        await life.line(MAKE)
        await asked(life)
    # What a kill leaves behind that strikes between the decision and the step that follows from it.
    with Image.open(str(folder)) as image, image.unit_of_work("approve m1") as world:
        cycle_of(world, "m1").decision = {"approved": True, "reason": ""}
    async with live(folder, engine__name="none") as life:
        assert await ended(life) == "COMPLETE"
        assert (await life.line("account.balance")).value == 150


async def test_a_mission_of_an_older_image_can_be_proposed_and_approved(
    scripted_image: Scripted, live: Live
) -> None:
    folder = scripted_image(script_of(BODIES))
    async with live(folder, engine__name="none") as life:
        await life.line(MAKE)
        with pytest.raises(Exception, match="waits"):
            await life.line(TEACH)
    with Image.open(str(folder)) as image, image.unit_of_work("age") as world:
        for name in ("proposal", "decision", "rejected"):
            delattr(cycle_of(world, "m1"), name)
    async with live(folder, mission__approval="ask") as life:
        await life.until(lambda event: event.data.get("state") == "waits" and APPROVAL in event.text)
        await life.submit(RejectMission("m1", "again"))
        await life.until(lambda event: event.data.get("end") == "FAILED")
    async with live(folder) as life:
        await life.submit(RetryMission("m1"))
        assert await ended(life) == "COMPLETE"


async def test_only_what_waits_for_approval_is_decided_and_only_once(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES)), mission__approval="ask") as life:
        await life.line(MAKE)
        with pytest.raises(UnknownObject):
            await life.submit(ApproveMission("m1"))
        await asked(life)
        with pytest.raises(UsageError, match="needs a reason"):
            await life.submit(RejectMission("m1", "  "))
        await life.submit(ApproveMission("m1"))
        for late in (ApproveMission("m1"), RejectMission("m1", "no")):
            with pytest.raises(Refused, match="battui missions"):
                await life.submit(late)
        assert await ended(life) == "COMPLETE"
        with pytest.raises(Refused, match="waits for no approval"):
            await life.submit(ApproveMission("m1"))
        assert (await life.line("account.balance")).value == 150
        await life.submit(Undo("m1"))
        assert await methods(life) == []


async def test_a_mission_that_waits_for_approval_can_be_cancelled(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES)), mission__approval="ask") as life:
        await life.line(MAKE)
        await asked(life)
        await life.submit(CancelMission("m1"))
        mission = await life.mission("m1")
        assert (mission.state, mission.waiting, mission.proposal) == ("FAILED", "", "")
        with pytest.raises(Refused, match="waits for no approval"):
            await life.submit(ApproveMission("m1"))


async def test_no_approval_overrides_the_guardian(scripted_image: Scripted, live: Live) -> None:
    folder = scripted_image(script_of(BODIES))
    async with live(folder, mission__approval="ask") as life:
        await life.line(MAKE)
        await asked(life)
    with Image.open(str(folder)) as image, image.unit_of_work("tamper") as world:
        cycle = cycle_of(world, "m1")
        cycle.proposal = {**cycle.proposal, "source": "def deposit_(self, amount):\n    import os\n"}
    async with live(folder, mission__approval="ask") as life:
        assert "import os" in (await life.mission("m1")).proposal
        await life.submit(ApproveMission("m1"))
        assert await ended(life) == "FAILED"
        assert "was not installed" in (await life.mission("m1")).failure
        assert (await methods(life), (await life.line("account.balance")).value) == ([], 100)


async def test_an_approval_is_a_transaction_of_its_own(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES)), mission__approval="ask") as life:
        await life.line(MAKE)
        await asked(life)
        await life.submit(ApproveMission("m1"))
        await ended(life)
        history = await life.submit(ListHistory())
        assert isinstance(history, HistoryList)
        assert [entry.mission for entry in history.entries if entry.description == "approve m1"] == ["m1"]


async def test_a_proposal_says_what_it_would_replace(scripted_image: Scripted, live: Live) -> None:
    flags: dict[str, Any] = {"mission__attempts": 1}
    async with live(scripted_image(script_of({})), **flags) as life:
        await life.line(MAKE)
        with pytest.raises(MissionFailed):
            await life.line("account.audit()  # return three times the balance => result == 300")
    async with live(scripted_image(script_of(BODIES)), **flags) as life:
        await life.line("account.audit()  # return twice the balance")
    three = {"def audit": ["\n    return self.balance * 3\n"]}
    async with live(scripted_image(script_of(three)), mission__approval="ask", **flags) as life:
        await life.submit(RetryMission("m1"))
        await life.until(lambda event: event.data.get("state") == "waits")
        view = await life.mission("m1")
        assert "* 3" in view.proposal
        assert "* 2" in view.replaces
