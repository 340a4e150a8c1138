"""Teaching by cases: a method passes every one on a copy and keeps them, and its next version passes them too."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from battui.contracts.cases import Case, case_from
from battui.contracts.commands import ApproveMission, ListMissions, ShowMethod, ShowObject, Teach, Undo
from battui.contracts.commands import Path as ObjectPath
from battui.contracts.errors import (
    ApprovalNeeded,
    MissionFailed,
    NotASelector,
    Refused,
    UnknownSlot,
    UsageError,
)
from battui.contracts.replies import Answer, MethodStory, MethodView, MissionList, ObjectView
from tests.functional.conftest import Life, Live, script_of
from tests.functional.test_main_job import MAKE

Scripted = Callable[[str], Path]
ACCOUNT = ObjectPath(("account",))
PLAIN = "\n    self.balance += amount\n    return self.balance\n"
CAREFUL = f"\n    if amount < 0:\n        raise ValueError('no'){PLAIN}"
HARDLY = "\n    self.balance = 150\n    return 150\n"
GROWS = {"slots": {"balance": 1}, "args": {"amount": 2}, "after": {"balance": 3}, "result": 3}
STAYS = {"slots": {"balance": 7}, "args": {"amount": 0}, "result": 7}
RAISES = {"slots": {"balance": 7}, "args": {"amount": -1}, "raises": "ValueError"}
FROM_ANYWHERE = {"args": {"amount": 50}, "after": {"balance": 150}}


def lesson(*entries: object, selector: str = "deposit_", intent: str = "add amount to balance") -> Teach:
    cases = tuple(case_from(entry, f"example {n}", "here") for n, entry in enumerate(entries, start=1))
    return Teach(ACCOUNT, selector, cases, intent)


def deposits(*bodies: str) -> str:
    return script_of({"def deposit_": list(bodies)})


async def taught(life: Life, teach: Teach) -> Answer:
    reply = await life.submit(teach)
    assert isinstance(reply, Answer)
    return reply


async def method(life: Life, selector: str = "deposit_") -> MethodView:
    view = await life.submit(ShowObject(ACCOUNT))
    assert isinstance(view, ObjectView)
    (found,) = (slot.method for slot in view.slots if slot.name == selector and slot.method)
    return found


async def missions(life: Life) -> int:
    reply = await life.submit(ListMissions())
    assert isinstance(reply, MissionList)
    return len(reply.missions)


async def test_the_method_that_passes_every_case_is_learned_with_them(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(deposits(HARDLY, PLAIN, CAREFUL))) as life:
        await life.line(MAKE)
        answer = await taught(life, lesson(GROWS, STAYS, RAISES))
        assert (answer.text, answer.mission, answer.learned) == (
            "'account.deposit_ passes 3 cases'",
            "m1",
            True,
        )
        # No message was sent: the cases ran on copies.
        assert (await life.line("account.balance")).value == 100
        learned = await method(life)
        assert "raise ValueError" in learned.source
        assert (learned.cases, learned.intent) == (3, "add amount to balance")
        assert [trial.partition(":")[0] for trial in learned.trials] == ["passed"] * 3
        assert "example 1: (amount = 2) with balance = 1" in learned.trials[0]
        mission = await life.mission("m1")
        assert (mission.kind, mission.title) == ("lesson", "teach account.deposit_(amount)")
        verdicts = [candidate.verdict for candidate in mission.candidates]
        assert verdicts[0] == "guardian: accepted, repaired; cell: example 1: the result is 150, not 3"
        assert any("example 3: it did not raise ValueError" in verdict for verdict in verdicts)
        (chosen,) = (candidate for candidate in mission.candidates if candidate.chosen)
        assert chosen.verdict.endswith("cell: passes 3 cases")
        assert (await life.line("account.deposit_(amount=5)")).value == 105


async def test_slots_that_a_case_does_not_speak_of_are_the_objects_own(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(deposits(PLAIN))) as life:
        await life.line("account = genesis_obj.clone(balance=100, owner='Ada')")
        assert (await taught(life, lesson(FROM_ANYWHERE))).learned
        # The case stands for itself, whatever becomes of the object.
        await life.line("account.balance = 0")
        assert (await taught(life, lesson(GROWS))).learned


async def test_what_no_candidate_passes_fails_and_changes_nothing(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(deposits(PLAIN))) as life:
        await life.line(MAKE)
        with pytest.raises(MissionFailed, match="did not raise ValueError"):
            await life.submit(lesson(GROWS, RAISES))
        view = await life.submit(ShowObject(ACCOUNT))
        assert isinstance(view, ObjectView)
        assert [slot.name for slot in view.slots if slot.kind == "method"] == []
        assert (await life.line("account.balance")).value == 100


async def test_the_next_version_passes_what_was_recorded_of_the_present_one(
    scripted_image: Scripted, live: Live
) -> None:
    folder = scripted_image(deposits(PLAIN))
    async with live(folder) as life:
        await life.line(MAKE)
        await taught(life, lesson(GROWS))
        await life.line("account.deposit_(amount=11)")
        assert (await method(life)).cases == 2
        # The same words again raise nothing, so they are no better version.
        with pytest.raises(MissionFailed):
            await life.submit(lesson(RAISES))
        assert (await method(life)).versions == 1


async def test_a_better_version_is_installed_over_the_present_one_and_can_be_taken_back(
    scripted_image: Scripted, live: Live
) -> None:
    # What the model writes first passes the new case alone, then what was recorded alone, then all.
    refuses = "\n    raise ValueError('no')\n"
    async with live(scripted_image(deposits(refuses, PLAIN, CAREFUL))) as life:
        await life.line(MAKE)
        await taught(life, lesson(STAYS))
        await life.line("account.deposit_(amount=11)")
        first = await method(life)
        assert (first.cases, "raise" in first.source) == (2, False)
        answer = await taught(life, lesson(RAISES, intent=""))
        assert answer.text == "'account.deposit_ passes 3 cases'"
        second = await method(life)
        assert (second.versions, second.cases, second.intent) == (2, 3, "add amount to balance")
        assert "raise ValueError" in second.source
        assert any("recorded send: (amount = 11) with balance = 100" in trial for trial in second.trials)
        story = await life.submit(ShowMethod(ObjectPath(("account", "deposit_"))))
        assert isinstance(story, MethodStory)
        assert (story.holder, story.versions) == ("account", (second, first))
        assert {case.raises for case in story.cases} == {"", "ValueError"}
        assert "tokens" in story.provenance
        with pytest.raises(UnknownSlot):
            await life.submit(ShowMethod(ObjectPath(("account", "balance"))))
        await life.submit(Undo(answer.mission))
        assert await method(life) == first


CONTRADICTIONS: dict[str, tuple[Any, Any]] = {
    "two results": (STAYS, {**STAYS, "result": 8}),
    "two ends": (FROM_ANYWHERE, {**FROM_ANYWHERE, "after": {"balance": 151}}),
    "an answer and an error": (STAYS, {**STAYS, "result": 7, "raises": "ValueError"}),
    "one slot spelled out": (
        FROM_ANYWHERE,
        {**FROM_ANYWHERE, "slots": {"balance": 100}, "after": {"balance": 1}},
    ),
}


@pytest.mark.parametrize(("first", "second"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
async def test_cases_that_contradict_each_other_make_no_mission(
    scripted_image: Scripted, live: Live, first: object, second: object
) -> None:
    async with live(scripted_image(deposits(PLAIN))) as life:
        await life.line(MAKE)
        with pytest.raises(UsageError, match="example 1 and example 3 contradict"):
            await life.submit(lesson(first, RAISES, second))
        assert await missions(life) == 0


async def test_what_cannot_be_taught_makes_no_mission(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(deposits(PLAIN))) as life:
        await life.line(MAKE)
        refused: list[tuple[Teach, type[Exception], str]] = [
            (lesson(), UsageError, "no cases"),
            (lesson(GROWS, {"args": {}, "result": 1}), UsageError, "other names"),
            (lesson({**RAISES, "after": {"balance": 0}}), UsageError, "changes nothing"),
            (lesson(GROWS, selector="balance"), Refused, "no method"),
            (lesson(GROWS, selector="clone"), Refused, "no method"),
            (lesson(GROWS, selector="_hidden"), NotASelector, "underscore"),
        ]
        for teach, kind, words in refused:
            with pytest.raises(kind, match=words):
                await life.submit(teach)
        assert await missions(life) == 0
        await taught(life, lesson(GROWS))
        with pytest.raises(UsageError, match="contradicts a recorded case"):
            await life.submit(lesson({**GROWS, "result": 4}))
        with pytest.raises(UsageError, match="It takes: amount"):
            await life.submit(lesson({"args": {"sum": 1}, "result": 1}))
        assert await missions(life) == 1


async def test_a_message_sent_meanwhile_joins_the_lesson_and_is_answered(
    scripted_image: Scripted, live: Live
) -> None:
    slow = "[[rules]]\nmatch = 'JSON'\nanswers = ['{}']\ndelay = 0.05\n"
    async with live(scripted_image(slow + deposits(PLAIN))) as life:
        await life.line(MAKE)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(life.submit, lesson(GROWS))
            await life.until(lambda event: event.data.get("state") == "DECOMPOSING")
            with pytest.raises(Refused, match="already learning"):
                await life.submit(lesson(STAYS))
            sent = await life.line("account.deposit_(amount=50)")
        assert (sent.mission, sent.value) == ("m1", 150)
        trials = (await method(life)).trials
        assert [trial.startswith("passed: the message that was sent") for trial in trials] == [True, False]


async def test_a_lesson_waits_for_approval_like_any_mission(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(deposits(PLAIN)), mission__approval="ask") as life:
        await life.line(MAKE)
        with pytest.raises(ApprovalNeeded, match="battui missions approve m1"):
            await life.submit(lesson(GROWS))
        await life.submit(ApproveMission("m1"))
        await life.until(lambda event: event.data.get("end") == "COMPLETE")
        assert (await method(life)).cases == 1


async def test_a_killed_lesson_goes_on_with_its_cases(scripted_image: Scripted, live: Live) -> None:
    folder = scripted_image(deposits(HARDLY, PLAIN))
    async with live(folder, engine__name="none") as life:
        await life.line(MAKE)
        waits = Teach(ACCOUNT, "deposit_", lesson(GROWS).cases, wait=False)
        assert (await taught(life, waits)).mission == "m1"
    async with live(folder) as life:
        await life.until(lambda event: event.data.get("end") == "COMPLETE")
        assert (await method(life)).cases == 1


def test_the_command_reads_cases_from_a_file(scripted_image: Scripted, tmp_path: Path) -> None:
    folder = scripted_image(deposits(PLAIN))

    def battui(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "battui", "--image", str(folder), "--engine", "scripted", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env={"HOME": str(tmp_path)},
            timeout=60,
            check=False,
        )

    def lines(*entries: object) -> str:
        return "\n".join(json.dumps(entry) for entry in entries)

    file = tmp_path / "cases.jsonl"
    file.write_text(lines(GROWS, STAYS))
    assert battui("send", MAKE).returncode == 0
    done = battui(
        "teach", "account", "deposit_", "--examples", str(file), "--intent", "add amount to balance"
    )
    assert (done.returncode, done.stdout) == (0, "'account.deposit_ passes 2 cases'\n"), done.stderr
    assert "candidate 1 accepted" in done.stderr
    for stdin, words in (("", "no cases in it"), ("{", "stdin, line 1"), (lines(GROWS, {}), "stdin, line 2")):
        done = battui("teach", "account", "deposit_", "--examples", "-", stdin=stdin)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr


def test_a_case_reads_as_it_was_written() -> None:
    case = case_from(GROWS, "example 1", "here")
    assert case == Case("example 1", {"balance": 1}, {"amount": 2}, {"balance": 3}, 3, answers=True)
    assert case_from(STAYS, "", "").after == {"balance": 7}
    assert case_from({**STAYS, "raises": None}, "", "") == case_from(STAYS, "", "")
    wrong_entries: tuple[object, ...] = (
        1,
        {},
        {"slots": {}},
        {"result": 1, "sum": 2},
        {"args": [], "result": 1},
        {"raises": "no name"},
    )
    for wrong in wrong_entries:
        with pytest.raises(UsageError):
            case_from(wrong, "", "")
    for unstorable in (
        {"result": float("nan")},
        {"after": {"_p_changed": 1}},
        {"slots": {"a b": 1}, "result": 1},
    ):
        with pytest.raises(UsageError):
            case_from(unstorable, "", "")
