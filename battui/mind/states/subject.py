"""What a mission is about, in words."""

from __future__ import annotations

from battui.image.objects import UvmObject
from battui.mind.expectations import expectations_in


def title_of(cycle: UvmObject) -> str:
    """The message, lesson, question or audit, in one line."""
    brief = cycle.mission_brief
    match cycle.kind:
        case "question":
            return f"{cycle.target_name} ? {brief['question']!r}"
        case "lesson":
            return f"teach {cycle.target_name}.{brief['selector']}({', '.join(brief['parameters'])})"
        case "self_audit":
            return f"{cycle.target_name}.{brief['selector']}()"
    return _message(cycle, 0)


def expected_of(cycle: UvmObject) -> str:
    """What has to hold for the method to be the right one; where several expect something, of which message."""
    told = expectations_in(cycle)
    if len(told) == 1:
        return next(iter(told.values()))
    return "; ".join(f"{_message(cycle, number)} => {text}" for number, text in told.items())


def _message(cycle: UvmObject, number: int) -> str:
    given = cycle.parked[number]["arguments"].items()
    arguments = ", ".join(f"{name}={value!r}"[:60] for name, value in given)
    return f"{cycle.target_name}.{cycle.mission_brief['selector']}({arguments})"


def wanted_of(cycle: UvmObject) -> str:
    """What the sender wants: the intent of a message, the question, or the purpose of an audit."""
    brief = cycle.mission_brief
    if cycle.kind == "self_audit":
        return "find methods that fail often or take long, and say what to improve"
    return str(brief["question"] or brief["intent"])
