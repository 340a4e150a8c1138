"""The tree of errors on the wire: an error arrives as the class that it was sent as."""

from __future__ import annotations

from collections.abc import Iterator

from battui.bridge.frames import Error
from battui.contracts import errors
from battui.contracts.errors import BattuiError, Busy

_LONGEST = 20_000
FAULT = "Fault"


def error_frame(error: Exception) -> Error:
    """The frame of an error; one that is not battui's own is a fault, and told without its insides."""
    if not isinstance(error, BattuiError):
        return Error(
            FAULT, f"this is a fault in battui: {type(error).__name__}", remedy="See the kernel's log."
        )
    return Error(
        code=error.code,
        what=_sendable(error.what),
        about=_sendable(error.about),
        remedy=_sendable(error.remedy),
        traceback=_sendable(getattr(error, "traceback", "")),
        retry_after=float(getattr(error, "retry_after", 0.0)),
    )


def error_of(frame: Error) -> BattuiError:
    """The error that a frame stands for; a class that this version does not know becomes BattuiError."""
    kind = _CLASSES.get(frame.code, BattuiError)
    error = kind(frame.what, about=frame.about, remedy=frame.remedy)
    if frame.traceback and isinstance(error, errors.MethodRaised):
        error.traceback = frame.traceback
    if isinstance(error, Busy):
        error.retry_after = frame.retry_after
    return error


def _sendable(text: str) -> str:
    """The text without halves of characters, which UTF-8 cannot say, and not without end."""
    return text[:_LONGEST].encode(errors="replace").decode()


def _tree(kind: type[BattuiError]) -> Iterator[type[BattuiError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _tree(child)


_CLASSES = {kind.__name__: kind for kind in _tree(BattuiError) if kind.__module__ == errors.__name__}
