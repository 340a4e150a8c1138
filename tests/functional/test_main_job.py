"""A message that nobody understands is learned for good, through every part of a real kernel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from battui.contracts.commands import (
    ListHistory,
    ListMissions,
    ShowObject,
    ShowStatus,
    Undo,
)
from battui.contracts.commands import (
    Path as ObjectPath,
)
from battui.contracts.errors import (
    Conflict,
    ModelUnavailable,
    Refused,
)
from battui.contracts.replies import Answer, HistoryList, KernelStatus, MissionList, ObjectView
from tests.functional.conftest import BODIES, Live, script_of

MAKE = "account = genesis_obj.clone(balance=100)"
TEACH = "account.deposit_(amount=50)  # add amount to balance => self.balance == 150"
Scripted = Callable[[str], Path]


async def test_a_message_is_learned_once_and_known_after_a_restart(
    scripted_image: Scripted, live: Live
) -> None:
    folder = scripted_image(script_of(BODIES))
    async with live(folder) as life:
        await life.line(MAKE)
        answer = await life.line(TEACH)
        assert (answer.mission, answer.learned) == ("m1", True)
        assert (await life.line("account.balance")).value == 150
        mission = await life.mission("m1")
        states = [state for state, _ in mission.trail]
        assert states == ["IDLE", "DECOMPOSING", "DELEGATING", "SYNTHESIZING", "COMPLETE"]
        assert mission.plan["strategy"] == "one assignment"
        assert mission.facets == {"SAGE": "It changes the balance."}
        # The greedy candidate met the expectation, so no other was asked for.
        assert [(candidate.index, candidate.chosen) for candidate in mission.candidates] == [(0, True)]
    async with live(folder, engine__name="none") as life:
        assert (await life.line("account.deposit_(amount=50)")).mission == ""
        assert (await life.line("account.balance")).value == 200


async def test_the_installed_method_carries_its_proof_and_is_shared_by_clones(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        await life.line(TEACH)
        view = await life.submit(ShowObject(ObjectPath(("account",))))
        assert isinstance(view, ObjectView)
        (slot,) = [slot for slot in view.slots if slot.name == "deposit_"]
        assert slot.method is not None
        assert slot.method.source.endswith("self._p_changed = True")
        assert slot.method.ruleset
        assert slot.method.tree_hash
        assert slot.method.intent == "add amount to balance"
        await life.line("twin = account.clone(balance=1)")
        assert (await life.line("twin.deposit_(amount=2)")).mission == ""
        assert [(await life.line(f"{name}.balance")).value for name in ("twin", "account")] == [3, 150]


async def test_an_expectation_chooses_and_without_one_agreement_does(
    scripted_image: Scripted, live: Live
) -> None:
    signal = "\n    self._p_changed = True\n"
    wrong, right = f"\n    self.balance -= amount{signal}", f"\n    self.balance += amount{signal}"
    votes = ["\n    return 1\n", "\n    return 2\n", "\n    return 1 + 1\n"]
    alone = """[[rules]]\nmatch = "JSON"\nanswers = ['{"strategy": "alone", "pillars": []}']\n"""
    script = script_of({"def deposit_": [wrong, right], "def vote": votes}, extra=alone)
    async with live(scripted_image(script), mission__candidates=3) as life:
        await life.line(MAKE)
        await life.line(TEACH)
        assert (await life.line("account.balance")).value == 150
        candidates = (await life.mission("m1")).candidates
        assert [candidate.index for candidate in candidates] == list(range(len(candidates)))
        assert (await life.line("account.vote()  # cast a vote")).value == 2


async def test_what_a_method_prints_is_announced(scripted_image: Scripted, live: Live) -> None:
    async with live(
        scripted_image(script_of({"def greet": ["\n    print('hello')\n    return 1\n"]}))
    ) as life:
        await life.line(MAKE)
        await life.line("account.greet()")
        event = await life.until(lambda event: event.kind == "cell" and "printed" in event.text)
        assert event.text == "printed: hello"


async def test_a_missing_signal_is_repaired_before_it_is_installed(
    scripted_image: Scripted, live: Live
) -> None:
    script = script_of({"def add_": ["\n    self.items.append(item)\n"]})
    async with live(scripted_image(script)) as life:
        await life.line("cart = genesis_obj.clone(items=[])")
        await life.line("cart.add_(item='pear')  # append item to items => self.items == ['pear']")
        (candidate, *_) = (await life.mission("m1")).candidates
        assert "repaired" in candidate.verdict
    async with live(Path(life.kernel._settings.image)) as life:
        assert (await life.line("cart.items")).value == ["pear"]


async def test_senders_of_the_same_message_share_one_mission(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        answers = []

        async def send(amount: int) -> None:
            answers.append(await life.line(f"account.deposit_(amount={amount})  # add amount to balance"))

        async with trio.open_nursery() as nursery:
            for amount in (1, 10, 100):
                nursery.start_soon(send, amount)
        assert {answer.mission for answer in answers} == {"m1"}
        assert (await life.line("account.balance")).value == 211


async def test_an_answer_is_bound_when_the_mission_ends(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        assert (await life.line("double = account.audit()  # return twice the balance")).value == 200
        assert (await life.line("double")).value == 200


async def test_undo_takes_back_what_a_mission_installed(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        await life.line(TEACH)
        # Using the method does not stand in the way of taking it back.
        await life.line("account.deposit_(amount=7)")
        await life.line("account.deposit_(amount=-7)")
        await life.line("other = account.audit()  # return twice the balance")
        answer = await life.submit(Undo("m1"))
        assert isinstance(answer, Answer)
        view = await life.submit(ShowObject(ObjectPath(("account",))))
        assert isinstance(view, ObjectView)
        assert {slot.name: slot.value for slot in view.slots if not slot.holder}["balance"] == 150
        assert "deposit_" not in {slot.name for slot in view.slots}
        assert (await life.mission("m1")).state == "COMPLETE"
        with pytest.raises(Refused, match="undone already"):
            await life.submit(Undo("m1"))
        await life.submit(Undo(str(answer.value)))
        assert (await life.line("account.deposit_(amount=1)")).mission == ""
        history = await life.submit(ListHistory(path=ObjectPath(("account",))))
        assert isinstance(history, HistoryList)
        assert [entry.mission for entry in history.entries].count("m1") >= 2


async def test_without_a_model_messages_are_parked_and_answered_when_there_is_one(
    scripted_image: Scripted, live: Live
) -> None:
    folder = scripted_image(script_of(BODIES))
    async with live(folder, engine__name="none") as life:
        await life.line(MAKE)
        with pytest.raises(ModelUnavailable, match="waits"):
            await life.line(TEACH)
        missions = await life.submit(ListMissions(only_open=True))
        assert isinstance(missions, MissionList)
        assert [mission.waiting != "" for mission in missions.missions] == [True]
    async with live(folder) as life:
        await life.until(lambda event: event.kind == "mission" and event.data.get("end") == "COMPLETE")
        assert (await life.line("account.balance")).value == 150
        assert (await life.mission("m1")).answer == "None"


async def test_concurrent_learned_sends_to_one_object_lose_nothing(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        await life.line(TEACH)

        async def deposit() -> None:
            for _ in range(5):
                while True:
                    try:
                        await life.line("account.deposit_(amount=1)")
                        break
                    except Conflict:
                        continue

        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(deposit)
        assert (await life.line("account.balance")).value == 170


async def test_the_heartbeat_audits_the_image_and_keeps_the_report(
    scripted_image: Scripted, live: Live
) -> None:
    folder = scripted_image(script_of(BODIES))
    async with live(
        folder, heartbeat__enabled=True, heartbeat__first_delay_s=0.5, heartbeat__period_s=0.5
    ) as life:
        await life.line(MAKE)
        await life.line(TEACH)  # an image in which nothing was done is not audited
        beat = await life.until(lambda event: event.kind == "heartbeat")
        await life.until(lambda event: event.mission == beat.mission and event.data.get("end") == "COMPLETE")
        report, *_ = await life.records("alfred_prototype_obj.audits")
        assert report["report"] == "It changes the balance."
        states = [state for state, _ in (await life.mission(str(report["mission"]))).trail]
        assert states == ["IDLE", "DECOMPOSING", "DELEGATING", "SYNTHESIZING", "COMPLETE"]


async def test_questions_are_missions_that_answer_in_words(scripted_image: Scripted, live: Live) -> None:
    said = "\n[[rules]]\nmatch = 'Question: What is in it'\nanswers = ['The balance is 100.']\n"
    async with live(scripted_image(script_of(BODIES, said))) as life:
        await life.line(MAKE)
        answer = await life.line("account ? 'What is in it?'")
        assert (answer.value, answer.mission) == ("The balance is 100. (account.balance)", "m1")


async def test_status_tells_how_the_kernel_is(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        status = await life.submit(ShowStatus())
        assert isinstance(status, KernelStatus)
        assert (status.objects, status.open_missions) == (1, 0)
        assert "limits" in status.sandbox
