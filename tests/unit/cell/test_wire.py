"""Frames and values: what goes in comes out, and nothing else does harm."""

from __future__ import annotations

from itertools import pairwise

import ormsgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.cell import wire
from battui.contracts.values import Ref, Value

INTEGERS = st.integers() | st.integers(-(1 << 13_000), 1 << 13_000)
REFERENCES = st.integers(1, (1 << 64) - 1) | st.integers(-(1 << 63), -1)
LEAVES = (
    st.none()
    | st.booleans()
    | INTEGERS
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | REFERENCES.map(Ref)
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5)
)


def exact(value: Value) -> object:
    """A form in which 1, 1.0 and True differ, and the order of keys counts."""
    if isinstance(value, list):
        return ["list", *map(exact, value)]
    if isinstance(value, dict):
        return ["dict", *((key, exact(item)) for key, item in value.items())]
    return (type(value), repr(value))


@given(VALUES)
def test_a_value_comes_back_as_it_was(value: Value) -> None:
    assert exact(wire.unpack(wire.pack(value))) == exact(value)


@given(st.binary(max_size=200))
def test_whatever_arrives_is_a_value_or_an_error(data: bytes) -> None:
    try:
        value = wire.unpack(data)
    except wire.WireError:
        return
    assert exact(wire.unpack(wire.pack(value))) == exact(value)


@given(VALUES, st.data())
def test_a_damaged_message_is_a_value_or_an_error(value: Value, data: st.DataObject) -> None:
    packed = bytearray(wire.pack(value))
    place = data.draw(st.integers(0, len(packed) - 1))
    packed[place] ^= data.draw(st.integers(1, 255))
    try:
        wire.unpack(bytes(packed))
    except wire.WireError:
        return


@given(st.lists(st.binary(max_size=50), max_size=8), st.data())
def test_frames_come_out_whatever_the_pieces(payloads: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(wire.frame, payloads))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader = wire.FrameReader(limit=50)
    found = []
    for begin, end in pairwise([0, *cuts, len(stream)]):
        reader.feed(stream[begin:end])
        while (payload := reader.next_frame()) is not None:
            found.append(payload)
    assert found == payloads
    assert not reader.pending


UNPACKABLE: dict[str, object] = {
    "not a number": float("nan"),
    "no number": float("-inf"),
    "bytes": b"x",
    "a tuple": (1,),
    "a set": {1},
    "a key that is a number": {1: 2},
    "a key that is None": {None: 2},
    "half a character": "\ud800",
    "half a character in a key": {"\ud800": 1},
    "an integer that nobody can print": 1 << 14_000,
    "a reference to nothing": Ref(0),
    "a reference out of range": Ref(1 << 64),
    "a class": int,
    "a subclass of text": type("Text", (str,), {})("x"),
}


@pytest.mark.parametrize("name", UNPACKABLE)
def test_what_no_slot_holds_is_not_packed(name: str) -> None:
    with pytest.raises(wire.WireError):
        wire.pack([UNPACKABLE[name]])  # type: ignore[list-item]


MALFORMED = {
    "nothing": b"",
    "cut short": b"\x92\x01",
    "too much": b"\x01\x02",
    "not a number": ormsgpack.packb(float("nan")),
    "infinite": ormsgpack.packb(float("inf")),
    "bytes": ormsgpack.packb(b"x"),
    "a key twice": b"\x82\xa1x\x01\xa1x\x02",
    "a number in a longer form than it needs": b"\xcd\x00\x01",
    "a key that is a number": ormsgpack.packb({1: 2}, option=ormsgpack.OPT_NON_STR_KEYS),
    "an extension of somebody else": ormsgpack.packb(ormsgpack.Ext(77, b"x")),
    "an integer that nobody can print": ormsgpack.packb(ormsgpack.Ext(2, b"\x7f" + b"\xff" * 1_750)),
    "a reference to nothing": ormsgpack.packb(ormsgpack.Ext(1, b"\0")),
    "a reference without a number": ormsgpack.packb(ormsgpack.Ext(1, b"")),
    "a list of four thousand million": b"\xdd\xff\xff\xff\xff",
    "text that is none": b"\xa1\xff",
    "the byte nobody uses": b"\xc1",
    "nested in lists": b"\x91" * 100_000 + b"\xc0",
    "nested in dictionaries": b"\x81\xa1x" * 100_000 + b"\xc0",
    "nested just too deep": b"\x91" * (wire.MAX_DEPTH + 1) + b"\xc0",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_bytes_are_a_wire_error(name: str) -> None:
    with pytest.raises(wire.WireError):
        wire.unpack(MALFORMED[name])


def test_the_deepest_value_still_passes() -> None:
    value: Value = None
    for _ in range(wire.MAX_DEPTH):
        value = [value]
    assert wire.unpack(wire.pack(value)) == value


def test_a_frame_that_announces_too_much_is_refused_before_it_arrives() -> None:
    reader = wire.FrameReader(limit=10)
    reader.feed(wire.frame(b"0123456789"))
    reader.feed((11).to_bytes(4, "big"))
    assert reader.next_frame() == b"0123456789"
    with pytest.raises(wire.FrameTooLarge):
        reader.next_frame()
