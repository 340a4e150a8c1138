"""What the tests of approval share: missions that come to wait for a person, and how they end."""

from __future__ import annotations

import pytest

from battui.contracts.commands import Path as ObjectPath
from battui.contracts.commands import (
    ShowObject,
)
from battui.contracts.errors import ApprovalNeeded
from battui.contracts.events import KernelEvent
from battui.contracts.replies import ObjectView
from tests.functional.conftest import Life
from tests.functional.test_main_job import TEACH

# A model that does as it is told: once it reads the reason, it writes the method that the reason asks for.
DOCILE = """
[[rules]]
match = '(?s)never below zero.*def withdraw_[^#]*$'
answers = ["\\n    self.balance = max(0, self.balance - amount)\\n"]
"""
WITHDRAW = {"def withdraw_": ["\n    self.balance -= amount\n"]}
TAKE = "account.withdraw_(amount=150)  # take amount from balance"


async def asked(life: Life, line: str = TEACH) -> str:
    """Send a line whose mission then waits for approval; the mission."""
    with pytest.raises(ApprovalNeeded) as caught:
        await life.line(line)
    return caught.value.about


async def waits_again(life: Life) -> None:
    """Wait until a mission begins to wait for approval, after all that has been announced so far."""
    past = len(life.events)
    await life.until(lambda event: event not in life.events[:past] and event.data.get("state") == "waits")


async def ended(life: Life, mission: str = "m1") -> str:
    """The state in which the mission ends."""

    def end(event: KernelEvent) -> bool:
        return event.kind == "mission" and event.mission == mission and "end" in event.data

    return str((await life.until(end)).data["end"])


async def methods(life: Life) -> list[str]:
    view = await life.submit(ShowObject(ObjectPath(("account",))))
    assert isinstance(view, ObjectView)
    return [slot.name for slot in view.slots if slot.kind == "method" and not slot.holder]
