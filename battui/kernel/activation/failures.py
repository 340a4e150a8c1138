"""What went wrong in a cell, as the error that its sender gets."""

from __future__ import annotations

import re

from battui.contracts.activation import CellFailure
from battui.contracts.errors import (
    ArgumentMismatch,
    BattuiError,
    CellStopped,
    CovenantBroken,
    MethodRaised,
    NotStorable,
    Refused,
)
from battui.contracts.values import Ref

_FRAME = re.compile(r'\s+File ".*", line (\d+), in ')


def place_of(failure: CellFailure) -> str:
    """The line of the method's own source at which it failed, ` (line 4: return part / by)`; empty if not known."""
    lines = failure.traceback.splitlines()
    for number in range(len(lines) - 2, -1, -1):
        if match := _FRAME.match(lines[number]):
            return f" (line {match.group(1)}: {lines[number + 1].strip()})"
    return ""


def error_of(failure: CellFailure, about: str) -> BattuiError:
    """The error for a failed activation of the message `about`; nothing of it reached the image."""
    match failure.kind:
        case "raised":
            words = f"{failure.error_type}: {failure.message}" if failure.message else failure.error_type
            return MethodRaised(f"it raised {words}", about=about, traceback=failure.traceback)
        case "stopped":
            return CellStopped(
                failure.message,
                about=about,
                remedy="Nothing was changed. Undo the method with: battui history",
            )
        case "covenant":
            return CovenantBroken(failure.message, about=about, remedy="Nothing was changed.")
        case "arguments":
            return ArgumentMismatch(failure.message, about=about)
        case "not-storable":
            return NotStorable(failure.message, about=about, remedy="Nothing was changed.")
        case "unknown":
            receiver = Ref(failure.oid) if failure.oid is not None else "another object"
            return Refused(
                f"it sends {failure.selector!r} to {receiver}, which does not understand it",
                about=about,
                remedy=f"Teach it first: send {failure.selector} to that object yourself.",
            )
        case _:
            return CellStopped(f"its cell answered nonsense ({failure.message})", about=about)
