"""Senders of one message share a mission, and the method has to do what each of them expects."""

from __future__ import annotations

from pathlib import Path

import pytest

from battui.contracts.commands import ApproveMission
from battui.contracts.errors import BattuiError, ModelUnavailable, Refused
from tests.functional.approval_steps import asked, ended
from tests.functional.conftest import BODIES, Live, script_of
from tests.functional.test_main_job import MAKE, TEACH, Scripted

PLAIN = "account.deposit_(amount=50)  # add amount to balance"
SEVEN = "account.deposit_(amount=7)  # add amount to balance => self.balance == 107"
SET = "\n    self.balance = 150\n    self._p_changed = True\n"
ADD = BODIES["def deposit_"][0]


async def parked(live: Live, folder: Path, *lines: str) -> list[str]:
    """Send the lines where there is no model: their missions wait. What each sender was told instead."""
    told = []
    async with live(folder, engine__name="none") as life:
        await life.line(MAKE)
        for line in lines:
            try:
                await life.line(line)
            except ModelUnavailable:
                told.append("")
            except BattuiError as error:
                told.append(str(error))
    return told


@pytest.mark.parametrize("first", [TEACH, PLAIN], ids=["beside another's", "alone"])
async def test_what_a_second_sender_expects_counts(scripted_image: Scripted, live: Live, first: str) -> None:
    folder = scripted_image(script_of({"def deposit_": [SET, ADD]}))
    assert await parked(live, folder, first, SEVEN) == ["", ""]
    async with live(folder) as life:
        assert await ended(life) == "COMPLETE"
        view = await life.mission("m1")
        assert (await life.line("account.balance")).value == 157
    assert view.senders == 2
    (chosen,) = [candidate for candidate in view.candidates if candidate.chosen]
    assert "self.balance += amount" in chosen.source
    assert "self.balance == 107" in view.expectation
    refused = next(candidate for candidate in view.candidates if not candidate.chosen)
    whose = " of sender 2" if first == TEACH else ""
    assert f"the expectation{whose} does not hold" in refused.verdict


async def test_a_second_sender_who_contradicts_the_first_is_told_so_at_once(
    scripted_image: Scripted, live: Live
) -> None:
    folder = scripted_image(script_of(BODIES))
    first, second, third = await parked(
        live, folder, TEACH, TEACH.replace("150", "151"), f"{PLAIN} => result is None"
    )
    assert (first, third) == ("", "")
    assert "no method can meet self.balance == 150 and self.balance == 151" in second
    async with live(folder) as life:
        assert await ended(life) == "COMPLETE"
        assert (await life.mission("m1")).senders == 2


async def test_a_proposal_is_not_approved_over_an_expectation_it_was_not_tried_with(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES)), mission__approval="ask") as life:
        await life.line(MAKE)
        assert await asked(life) == "m1"
        with pytest.raises(Refused, match="waits for approval, and was not tried"):
            await life.line(SEVEN)
        await life.submit(ApproveMission("m1"))
        assert await ended(life) == "COMPLETE"
        # Sent again, it is understood.
        assert (await life.line("account.deposit_(amount=7)")).mission == ""
