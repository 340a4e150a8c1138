"""Frames survive any cut of the stream; what is no frame is told apart from what is."""

from __future__ import annotations

import struct
from itertools import pairwise

import ormsgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.contracts.errors import BattuiError, EngineFailed, ModelUnavailable, Refused
from battui.engines.frames import MAX_FRAME, FrameError, Unpacker, error_fields, error_from, pack

STREAM = pack("beat") + pack("tokens", job=1, pieces=[[0, "hé"]]) + pack("loading", progress=0.5)


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_frames_arrive_whole_however_they_are_cut(cuts: list[int]) -> None:
    unpacker = Unpacker()
    edges = [0, *sorted(cuts), len(STREAM)]

    frames = [frame for start, end in pairwise(edges) for frame in unpacker.feed(STREAM[start:end])]

    assert frames == [
        {"kind": "beat"},
        {"kind": "tokens", "job": 1, "pieces": [[0, "hé"]]},
        {"kind": "loading", "progress": 0.5},
    ]


def framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">I", MAX_FRAME + 1),
        framed(b"\xc1"),
        framed(ormsgpack.packb(["beat"])),
        framed(ormsgpack.packb({"kind": "unheard of"})),
        framed(ormsgpack.packb({"progress": 1})),
        framed(ormsgpack.packb({"kind": ["beat"]})),
    ],
)
def test_anything_else_is_no_frame(data: bytes) -> None:
    with pytest.raises(FrameError):
        list(Unpacker().feed(data))


def test_a_frame_that_is_too_long_is_not_sent() -> None:
    with pytest.raises(FrameError):
        pack("generate", text="x" * (MAX_FRAME + 1))


@pytest.mark.parametrize(
    "error",
    [
        Refused("no", about="it", remedy="Ask less."),
        ModelUnavailable("gone"),
        EngineFailed("broken", remedy="Mend."),
    ],
)
def test_errors_arrive_as_they_were(error: BattuiError) -> None:
    arrived = error_from(error_fields(error))

    assert type(arrived) is type(error)
    assert str(arrived) == str(error)


@pytest.mark.parametrize("fields", [None, {}, {"code": "SystemExit"}, {"code": "annotations"}, {"code": 7}])
def test_a_malformed_error_is_a_failure_of_the_engine(fields: object) -> None:
    assert type(error_from(fields)) is EngineFailed


def test_a_foreign_exception_is_a_failure_of_the_engine() -> None:
    assert "KeyError: 'x'" in str(error_from(error_fields(KeyError("x"))))
