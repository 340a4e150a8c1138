"""Lessons: missions that begin with cases and not with a message, and end when a method passes them all."""

from __future__ import annotations

from battui.contracts.cases import Case, case_of_record
from battui.contracts.review import TrialRecord
from battui.image.objects import UvmObject
from battui.mind.briefs import abridge, abridged_slots


def cases_in(cycle: UvmObject) -> tuple[Case, ...]:
    """The cases that a method has to pass to be installed; cycles of older images have none."""
    return tuple(case_of_record(record) for record in cycle._slots.get("cases") or ())


def asks_for_method(cycle: UvmObject) -> bool:
    """Whether the mission is to end with a method, not with words."""
    return cycle.kind in ("unhandled_message", "lesson")


def is_message(cycle: UvmObject, number: int) -> bool:
    """Whether this sender waits for the answer to a message. A lesson's first one waits for the lesson's end."""
    return cycle.kind == "unhandled_message" or (cycle.kind == "lesson" and number > 0)


def reply_in_words(cycle: UvmObject) -> str:
    """What a sender is told who did not send a message."""
    if cycle.kind != "lesson":
        return str(cycle.reply)
    passed = len(cases_in(cycle))
    return f"{cycle.target_name}.{cycle.mission_brief['selector']} passes {passed} case{'s' * (passed != 1)}"


def trial_of(case: Case) -> TrialRecord:
    """The case as a certificate tells of it, once it is passed."""
    told = f"({abridged_slots(case.arguments)}) with {abridged_slots(case.slots) or 'no slots'}"
    if case.raises:
        return TrialRecord(f"{case.name}: {told}", True, f"raises {case.raises}")
    result = f"result {abridge(case.result)}, " if case.answers else ""
    return TrialRecord(
        f"{case.name}: {told}", True, f"{result}then {abridged_slots(case.after) or 'no slots'}"
    )
