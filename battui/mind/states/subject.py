"""What a mission is about, in words."""

from __future__ import annotations

from battui.image.objects import UvmObject


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
    arguments = ", ".join(f"{name}={value!r}"[:60] for name, value in cycle.parked[0]["arguments"].items())
    return f"{cycle.target_name}.{brief['selector']}({arguments})"


def wanted_of(cycle: UvmObject) -> str:
    """What the sender wants: the intent of a message, the question, or the purpose of an audit."""
    brief = cycle.mission_brief
    if cycle.kind == "self_audit":
        return "find methods that fail often or take long, and say what to improve"
    return str(brief["question"] or brief["intent"])
