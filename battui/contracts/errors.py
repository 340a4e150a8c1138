"""The one tree of errors.

    BattuiError                     exit code
    ├── Refused                     1   asked for something that cannot be done
    │   ├── UnknownObject, UnknownSlot, NotASelector, ArgumentMismatch, NotStorable
    │   ├── MissingParent
    │   ├── MethodRaised, CellStopped, CovenantBroken
    │   ├── MissionFailed
    │   └── Busy
    ├── UsageError                  2   a line, flag or setting that cannot be read
    ├── Unreachable                 3   image, kernel or engine cannot be had
    │   ├── ImageInUse, ImageDamaged, ImageUnwritable
    │   └── ModelUnavailable, EngineFailed
    ├── TimedOut                    4
    ├── GuardianRefused             5
    ├── ApprovalNeeded              6
    └── Conflict                    7

Every error says what happened, to which object, and what to do now.
"""

from __future__ import annotations

from typing import ClassVar


class BattuiError(Exception):
    """What happened (`what`), to which object (`about`), and what to do now (`remedy`)."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, about: str = "", remedy: str = "") -> None:
        super().__init__(what, about, remedy)
        self.what = what
        self.about = about
        self.remedy = remedy

    def __str__(self) -> str:
        subject = f"{self.about}: " if self.about else ""
        sentence = f"{subject}{self.what}".rstrip(".")
        return f"{sentence}. {self.remedy}".strip() if self.remedy else f"{sentence}."

    @property
    def code(self) -> str:
        """The error's name on the wire and in JSON output."""
        return type(self).__name__


class Refused(BattuiError):
    """The request is understood and cannot be done."""


class UnknownObject(Refused):
    """No object is bound to that name or has that oid."""


class UnknownSlot(Refused):
    """The object and its parents have no such slot."""


class NotASelector(Refused):
    """The name of a message or slot is no identifier, or is reserved."""


class ArgumentMismatch(Refused):
    """Wrong number or names of arguments for a method that exists."""


class MissingParent(Refused):
    """A parent slot holds something that is no object."""


class NotStorable(Refused):
    """The value cannot be kept in an object."""


class MethodRaised(Refused):
    """A learned method raised an exception; `traceback` shows its own source lines."""

    def __init__(self, what: str, *, about: str = "", remedy: str = "", traceback: str = "") -> None:
        super().__init__(what, about=about, remedy=remedy)
        self.traceback = traceback


class CellStopped(Refused):
    """The cell ended a learned method: time, memory, output or a forbidden system call."""


class CovenantBroken(Refused):
    """A method changed state and did not signal it."""


class MissionFailed(Refused):
    """A mission ended without an answer."""


class Busy(Refused):
    """The kernel's mailbox is full; try again after `retry_after` seconds."""

    def __init__(self, what: str, *, about: str = "", remedy: str = "", retry_after: float = 0.5) -> None:
        super().__init__(what, about=about, remedy=remedy)
        self.retry_after = retry_after


class UsageError(BattuiError):
    """A message line, flag, file or setting that cannot be read."""

    exit_code = 2


class Unreachable(BattuiError):
    """The image, the kernel or the engine cannot be had."""

    exit_code = 3


class ImageInUse(Unreachable):
    """Another process owns the image."""


class ImageDamaged(Unreachable):
    """The image file cannot be read as an image."""


class ImageUnwritable(Unreachable):
    """The image cannot be written: disk full, or no permission."""


class ModelUnavailable(Unreachable):
    """No model is in the image, or its file cannot be fetched or is not what it should be."""


class EngineFailed(Unreachable):
    """The engine's process cannot start, or keeps failing."""


class TimedOut(BattuiError):
    """No answer within the time the sender was ready to wait."""

    exit_code = 4


class GuardianRefused(BattuiError):
    """The guardian refused the source; nothing overrides it."""

    exit_code = 5


class ApprovalNeeded(BattuiError):
    """The mission waits for a person to approve its method."""

    exit_code = 6


class Conflict(BattuiError):
    """Somebody else changed the same slot first, again and again."""

    exit_code = 7
