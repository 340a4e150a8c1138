"""A case as an expectation: what stands after `=>` when the sender knows what is to come out."""

from __future__ import annotations

from battui.contracts.cases import Case
from battui.contracts.errors import UsageError
from battui.guardian import check_expectation


def expectation_of(case: Case) -> tuple[str, tuple[str, ...]]:
    """The result and the slots after as one expectation, and the names of what it could not spell.

    A removed slot has no spelling, and neither have values that the guardian allows in no expectation.
    """
    parts = [("result", "result", case.result)] if case.answers else []
    parts += [(name, f"self.{name}", value) for name, value in case.after.items()]
    left_out = [name for name in case.slots if name not in case.after]
    text = ""
    for name, subject, value in parts:
        longer = f"{text} and {subject} == {value!r}" if text else f"{subject} == {value!r}"
        if _can_be_said(longer):
            text = longer
        else:
            left_out.append(name)
    return text, tuple(left_out)


def _can_be_said(text: str) -> bool:
    try:
        check_expectation(text)
    except UsageError:
        return False
    return True
