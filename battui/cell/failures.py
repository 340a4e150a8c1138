"""Exceptions of learned code as failures that can leave the cell: words, and the method's own lines."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence

from battui.cell.messages import Message
from battui.cell.method import Mismatch
from battui.cell.world import NotUnderstood
from battui.contracts.activation import CellFailure, FailureKind
from battui.contracts.errors import NotStorable

MESSAGE_CHARACTERS = 2_000
FRAMES_SHOWN = 10

_KINDS: tuple[tuple[type[BaseException], FailureKind], ...] = (
    (NotUnderstood, "unknown"),
    (Mismatch, "arguments"),
    (NotStorable, "not-storable"),
)


def raised(error: BaseException, sources: Mapping[str, Sequence[str]]) -> CellFailure:
    """The failure that `error` stands for, with the frames of the methods whose `sources` are known."""
    kind: FailureKind = next((kind for cause, kind in _KINDS if isinstance(error, cause)), "raised")
    message = words(error)
    return CellFailure(
        kind=kind,
        message=message,
        error_type=_clean(type(error).__name__),
        traceback=_clean(_lines(error, message, sources)),
        oid=getattr(error, "oid", None) if kind != "raised" else None,
        selector=getattr(error, "selector", "") if kind != "raised" else "",
    )


def words(error: BaseException) -> str:
    """What an exception says; one that cannot say anything is named."""
    try:
        text = str(error)
    except MemoryError:
        raise
    except BaseException as second:
        text = f"(its text raised {type(second).__name__})"
    return _clean(text)[:MESSAGE_CHARACTERS]


def failure_message(failure: CellFailure) -> Message:
    """A failure for the wire."""
    return {
        "kind": failure.kind,
        "message": failure.message,
        "error_type": failure.error_type,
        "traceback": failure.traceback,
        "oid": failure.oid,
        "selector": failure.selector,
    }


def _lines(error: BaseException, message: str, sources: Mapping[str, Sequence[str]]) -> str:
    frames = [
        _frame(frame.f_code.co_filename, line, frame.f_code.co_name, sources)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename in sources
    ]
    if isinstance(error, SyntaxError) and error.filename is not None and error.filename in sources:
        frames.append(_frame(error.filename, error.lineno or 1, "source", sources))
    if len(frames) > 2 * FRAMES_SHOWN:
        left_out = len(frames) - 2 * FRAMES_SHOWN
        frames[FRAMES_SHOWN:-FRAMES_SHOWN] = [f"  ... {left_out} calls ...\n"]
    last = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return "".join(["Traceback (most recent call last):\n", *frames, last])


def _frame(filename: str, line: int, function: str, sources: Mapping[str, Sequence[str]]) -> str:
    source = sources[filename]
    text = source[line - 1].strip() if 0 < line <= len(source) else ""
    return f'  File "{filename}", line {line}, in {function}\n    {text}\n'


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
