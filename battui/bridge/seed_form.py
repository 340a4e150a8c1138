"""The command in its oldest form, without an envelope: a client that knows nothing of versions may still use it.

    {"command": "initiate_cognitive_cycle", "target_oid": "@1f", "mission_brief": {...}}

is answered with {"status": "OK", "details": ..., "mission": ...} or {"status": "ERROR", "details": ...}.
"""

from __future__ import annotations

from collections.abc import Mapping

from battui.bridge.frames import MAX_FRAME, Error, Notice, Ok, Submit
from battui.bridge.values import Malformed, checked, pack, unpack
from battui.contracts.commands import InitiateCycle, Path
from battui.contracts.errors import UsageError
from battui.contracts.replies import Answer

COMMAND = "initiate_cognitive_cycle"
_FIELDS = {"command", "target_oid", "mission_brief"}
_OID_DIGITS = 16


def is_seed_form(frame: bytes) -> bool:
    """Whether a frame is a map, which no envelope is."""
    return (
        len(frame) <= MAX_FRAME and frame[:1] != b"" and (frame[0] & 0xF0 == 0x80 or frame[0] in (0xDE, 0xDF))
    )


def read_seed_form(frame: bytes) -> Submit:
    """The command of the frame; raises UsageError."""
    try:
        fields = checked(unpack(frame))
    except Malformed as error:
        raise UsageError(f"this is no command: {error}") from None
    if not isinstance(fields, Mapping) or fields.get("command") != COMMAND or set(fields) != _FIELDS:
        raise UsageError("this is no command", remedy=f"It has the fields {', '.join(sorted(_FIELDS))}.")
    if not isinstance(fields["mission_brief"], dict):
        raise UsageError("the mission brief is an object", about=COMMAND)
    return Submit(InitiateCycle(Path((), _oid(fields["target_oid"])), fields["mission_brief"]))


def seed_reply(notice: Notice) -> bytes:
    """The reply in the same form."""
    match notice:
        case Ok(reply=Answer(text=text, mission=mission)):
            return pack({"status": "OK", "details": text, "mission": mission})
        case Error(what=what, about=about, remedy=remedy):
            return pack({"status": "ERROR", "details": f"{about}: {what}. {remedy}".strip(": ").strip()})
    return pack({"status": "OK", "details": ""})


def _oid(spelt: object) -> int:
    """An oid as battui spells it, @1f, as sixteen digits, or as a number."""
    if type(spelt) is int and 0 < spelt < 1 << 64:
        return spelt
    digits = spelt.removeprefix("@") if isinstance(spelt, str) else ""
    if 0 < len(digits) <= _OID_DIGITS and all(digit in "0123456789abcdef" for digit in digits):
        return int(digits, 16)
    raise UsageError("this is no oid", about=str(spelt)[:40], remedy="Write it like @1f.")
