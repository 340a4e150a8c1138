"""A person goes on with what was learned: another version of a method, who else sends it, what an audit found."""

from __future__ import annotations

import pytest

from battui.contracts.commands import EditMethod, InitiateCycle, SettleFinding, ShowMethod, Undo
from battui.contracts.commands import Path as ObjectPath
from battui.contracts.errors import BattuiError, GuardianRefused, Refused, UnknownSlot
from battui.contracts.methods import FindSelector, SelectorUses
from battui.contracts.replies import MethodStory, MissionView
from tests.functional.approval_steps import ended
from tests.functional.conftest import BODIES, Life, Live, script_of
from tests.functional.test_main_job import MAKE, TEACH, Scripted

DEPOSIT = ObjectPath(("account", "deposit_"))
BETTER = (
    "def deposit_(self, amount):\n"
    '    """Add amount to balance."""\n'
    "    self.balance = self.balance + amount\n"
    "    self._p_changed = True\n"
)
HEAD = "def deposit_(self, amount):\n"


async def sources(life: Life, path: ObjectPath = DEPOSIT) -> list[str]:
    story = await life.submit(ShowMethod(path))
    assert isinstance(story, MethodStory)
    return [version.source for version in story.versions]


async def test_a_learned_method_gets_a_persons_version_and_keeps_the_one_before(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        await life.line(TEACH)
        await life.line("child = account.clone()")
        (learned,) = await sources(life)
        view = await life.submit(EditMethod(DEPOSIT, BETTER))
        assert isinstance(view, MissionView)
        assert await ended(life, view.id) == "COMPLETE"
        assert await sources(life) == [BETTER, learned]
        await life.line("account.deposit_(amount=1)")
        assert (await life.line("account.balance")).value == 151
        await life.submit(Undo(view.id))
        assert await sources(life) == [learned]


REFUSED: dict[str, tuple[str, type[BattuiError], str]] = {
    "what the guardian forbids": (f"{HEAD}    import os\n", GuardianRefused, "import"),
    "what does not parse": (f"{HEAD}    return (\n", GuardianRefused, "guardian"),
    "another method": ("def withdraw_(self, amount):\n    return 1\n", GuardianRefused, HEAD.strip()),
    "what was recorded and does not hold": (f"{HEAD}    return amount\n", Refused, "recorded send"),
    "what raises": (f"{HEAD}    return 1 / 0\n", Refused, "ZeroDivisionError"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_does_not_come_through_changes_nothing_and_is_gone_on_with(
    scripted_image: Scripted, live: Live, name: str
) -> None:
    source, kind, words = REFUSED[name]
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        await life.line(TEACH)
        if name == "what was recorded and does not hold":
            await life.line("account.deposit_(amount=1)")
        before = await sources(life)
        for _ in range(2):
            with pytest.raises(kind) as caught:
                await life.submit(EditMethod(DEPOSIT, source))
            assert words in str(caught.value)
        assert await sources(life) == before
        assert (await life.mission("m2")).state == "FAILED"
        view = await life.submit(EditMethod(DEPOSIT, BETTER))
        assert isinstance(view, MissionView)
        assert view.id == "m2", "the second and the third time go on with the first"
        assert await ended(life, "m2") == "COMPLETE"
        assert await sources(life) == [BETTER, *before]


async def test_only_what_was_learned_is_edited_and_only_where_something_changed(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        await life.line(TEACH)
        (learned,) = await sources(life)
        with pytest.raises(Refused, match="nothing was changed"):
            await life.submit(EditMethod(DEPOSIT, learned))
        for name in ("balance", "clone", "nothing"):
            with pytest.raises(UnknownSlot):
                await life.submit(EditMethod(ObjectPath(("account", name)), BETTER))


async def test_an_inherited_method_is_edited_where_it_stands(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        await life.line(TEACH)
        await life.line("child = genesis_obj.clone(balance=1)")
        await life.line("account.heir = child")
        view = await life.submit(EditMethod(DEPOSIT, BETTER))
        assert isinstance(view, MissionView)
        assert await ended(life, view.id) == "COMPLETE"
        with pytest.raises(UnknownSlot):
            await life.submit(EditMethod(ObjectPath(("child", "deposit_")), BETTER))


async def test_senders_and_implementors_are_found_wherever_they_stand(
    scripted_image: Scripted, live: Live
) -> None:
    caller = {"def pay_": ["\n    self.deposit_(amount=amount)\n    self._p_changed = True\n"]}
    async with live(scripted_image(script_of({**caller, **BODIES}))) as life:
        await life.line(MAKE)
        await life.line(TEACH)
        await life.line("account.pay_(amount=1)  # pay => self.balance == 151")
        await life.line("box = genesis_obj.clone(inner=account, deposit_=3)")
        await life.line("twin = account.clone()")
        uses = await life.submit(FindSelector("deposit_"))
        assert isinstance(uses, SelectorUses)
        held = sorted((place.holder, place.kind) for place in uses.implementors)
        assert held == [("account", "method"), ("box", "data"), ("twin", "method")]
        (sender,) = uses.senders
        assert (sender.holder, sender.slot, sender.text) == (
            "account",
            "pay_",
            "self.deposit_(amount=amount)",
        )
        assert sender.text in sender.source.splitlines()[sender.line - 1]
        few = await life.submit(FindSelector("deposit_", limit=1))
        assert isinstance(few, SelectorUses)
        assert (len(few.implementors), len(few.senders), few.more) == (1, 1, 2)


async def test_what_an_audit_found_waits_until_a_person_has_decided(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.submit(InitiateCycle(ObjectPath(("alfred_prototype_obj",)), {"type": "self_audit"}))
        assert await ended(life) == "COMPLETE"
        assert (await life.mission("m1")).settled == ""
        view = await life.submit(SettleFinding("m1", accepted=False))
        assert isinstance(view, MissionView)
        assert view.settled == "dismissed"
        reports = await life.line("alfred_prototype_obj.audits")
        assert "'decision': 'dismissed'" in reports.text
        with pytest.raises(Refused, match="decided already"):
            await life.submit(SettleFinding("m1", accepted=True))
        await life.line(MAKE)
        await life.line(TEACH)
        with pytest.raises(Refused, match="nothing to decide"):
            await life.submit(SettleFinding("m2", accepted=True))


async def test_a_line_that_changes_an_object_says_which(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        made = await life.line(MAKE)
        await life.line("account.balance = 7")
        await life.line("sum = 3")
        await life.line("account.balance")
        told = [(event.text, event.data["oids"]) for event in life.events if event.kind == "object"]
        oid = made.value.oid  # type: ignore[union-attr]
        assert told == [("account", [oid]), ("account.balance", [oid]), ("sum", [])]
