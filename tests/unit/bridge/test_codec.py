"""Whatever the contracts allow goes there and comes back the same; whatever they do not is refused as Malformed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, get_args

import ormsgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from battui.bridge import codec
from battui.bridge.faults import error_frame, error_of
from battui.bridge.frames import (
    MAX_FRAME,
    VERSION,
    Error,
    Notice,
    Request,
    Submit,
    Unreadable,
    pack_notice,
    pack_request,
    unpack_notice,
    unpack_request,
)
from battui.bridge.values import Malformed, pack, unpack
from battui.contracts import errors
from battui.contracts.commands import Bind, Command, Named, Once, Path, Read, Send, Write
from battui.contracts.errors import BattuiError
from battui.contracts.replies import Reply
from battui.contracts.values import Ref
from tests.unit.bridge.strategies import VALUES, strategy_of

unhurried = settings(deadline=None, suppress_health_check=list(HealthCheck))
READ = Submit(Read(Path(("a",))))


@pytest.mark.parametrize("kind", [*get_args(Command), *get_args(Reply)], ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(unhurried, max_examples=20)
def test_every_command_and_reply_comes_back_as_it_went(kind: Any, data: st.DataObject) -> None:
    value = data.draw(strategy_of(kind))
    assert codec.read(unpack(pack(codec.write(value, kind))), kind) == value


@given(st.integers(0, (1 << 53) - 1), strategy_of(Request))
@settings(unhurried, max_examples=200)
def test_requests_come_back_as_they_went(number: int, request: Request) -> None:
    assert unpack_request(pack_request(number, request)) == (number, request)


@given(st.integers(0, (1 << 53) - 1), strategy_of(Notice))
@settings(unhurried, max_examples=200)
def test_notices_come_back_as_they_went(number: int, notice: Notice) -> None:
    assert unpack_notice(pack_notice(number, notice)) == (number, notice)


@given(VALUES)
@settings(unhurried, max_examples=200)
def test_types_of_values_are_kept(value: Any) -> None:
    assert repr(unpack(pack(value))) == repr(value)


@given(st.binary(max_size=200))
@settings(unhurried, max_examples=500)
def test_any_bytes_are_a_request_or_unreadable(frame: bytes) -> None:
    with suppress(Unreadable):
        unpack_request(frame)


@given(strategy_of(Request), st.data())
@settings(unhurried, max_examples=300)
def test_a_broken_frame_is_unreadable_or_another_request(request: Request, data: st.DataObject) -> None:
    frame = bytearray(pack_request(1, request))
    for place in data.draw(st.lists(st.integers(0, len(frame) - 1), min_size=1, max_size=4)):
        frame[place] = data.draw(st.integers(0, 255))
    try:
        number, changed = unpack_request(bytes(frame))
    except Unreadable:
        return
    assert unpack_request(pack_request(number, changed)) == (number, changed)


def body(**fields: object) -> bytes:
    return ormsgpack.packb([VERSION, 7, {"is": "Submit", "command": fields}])


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(pack_request(7, READ)[:-1], id="truncated"),
        pytest.param(b"\x91" * 100_000, id="nested without end"),
        pytest.param(b"\xdd\xff\xff\xff\xff", id="a list of four billion"),
        pytest.param(b"\xc6\xff\xff\xff\xff", id="bytes of four billion"),
        pytest.param(b"\xdf\xff\xff\xff\xff", id="a map of four billion"),
        pytest.param(b"\x00" * (MAX_FRAME + 1), id="oversized"),
        pytest.param(ormsgpack.packb([VERSION + 1, 7, {"is": "Ping"}]), id="another version"),
        pytest.param(ormsgpack.packb([True, 7, {"is": "Ping"}]), id="no version"),
        pytest.param(ormsgpack.packb([VERSION, -1, {"is": "Ping"}]), id="no number"),
        pytest.param(ormsgpack.packb([VERSION, 1.0, {"is": "Ping"}]), id="half a number"),
        pytest.param(ormsgpack.packb([VERSION, 7]), id="no body"),
        pytest.param(ormsgpack.packb([VERSION, 7, "Ping"]), id="a body that is a text"),
        pytest.param(ormsgpack.packb([VERSION, 7, {"is": "Explode"}]), id="an unknown request"),
        pytest.param(ormsgpack.packb([VERSION, 7, {"is": ["Ping"]}]), id="a name that is a list"),
        pytest.param(body(), id="no command"),
        pytest.param(body(**{"is": "Path", "names": ["a"]}), id="no command but a part of one"),
        pytest.param(body(**{"is": "Read"}), id="a field that lacks"),
        pytest.param(body(**{"is": "Read", "path": {"names": ["a"]}, "more": 1}), id="a field too many"),
        pytest.param(body(**{"is": "Read", "path": {"names": "abc"}}), id="a text for a list"),
        pytest.param(body(**{"is": "Read", "path": {"names": [1]}}), id="a number for a text"),
        pytest.param(
            body(**{"is": "Read", "path": {"names": ["a"], "oid": True}}), id="a truth for a number"
        ),
        pytest.param(body(**{"is": "ListMissions", "limit": 2.0}), id="half a limit"),
        pytest.param(body(**{"is": "Write", "path": {"names": ["a"]}, "value": float("inf")}), id="infinity"),
        pytest.param(
            body(**{"is": "Write", "path": {"names": ["a"]}, "value": b"raw"}), id="bytes for a value"
        ),
        pytest.param(
            body(**{"is": "Write", "path": {"names": ["a"]}, "value": ormsgpack.Ext(9, b"")}),
            id="an extension",
        ),
        pytest.param(
            body(**{"is": "Write", "path": {"names": ["a"]}, "value": ormsgpack.Ext(1, b"short")}),
            id="half an oid",
        ),
        pytest.param(
            body(**{"is": "Write", "path": {"names": ["a"]}, "value": ormsgpack.Ext(2, b"1" * 9_999)}),
            id="huge",
        ),
    ],
)
def test_what_is_no_request_is_unreadable(frame: bytes) -> None:
    with pytest.raises(Unreadable):
        unpack_request(frame)


def test_an_answer_to_an_unreadable_body_has_its_number() -> None:
    with pytest.raises(Unreadable) as wrong:
        unpack_request(ormsgpack.packb([VERSION, 7, {"is": "Explode"}]))
    assert wrong.value.number == 7


def test_values_nest_as_deep_as_slots_and_no_deeper() -> None:
    value: object = 1
    for _ in range(33):
        value = [value]
    assert unpack_request(pack_request(1, Submit(Write(Path(("a", "b")), value))))  # type: ignore[arg-type]
    with pytest.raises(Unreadable, match="nested"):
        unpack_request(pack_request(1, Submit(Write(Path(("a", "b")), [value]))))  # type: ignore[list-item]


def test_a_value_that_looks_like_a_command_stays_a_value() -> None:
    for source in ({"is": "Send", "value": 1}, {"value": {"is": "Send"}}, [Named(Path(("a",)))]):
        bind = Bind("name", source)  # type: ignore[arg-type]
        assert unpack_request(pack_request(1, Submit(bind))) == (1, Submit(bind))
    send = Bind("name", Send(Path(("a",)), "b", (Ref(3),)))
    assert unpack_request(pack_request(1, Submit(Once("k", send)))) == (1, Submit(Once("k", send)))


@pytest.mark.parametrize(
    "value",
    [{1}, object(), 1 << 20_000, "\ud800"],
    ids=["a set", "an object", "too large", "half a character"],
)
def test_what_no_slot_holds_is_not_sent(value: Any) -> None:
    with pytest.raises(Malformed):
        pack_request(1, Submit(Write(Path(("a",)), value)))


def every(kind: type[BattuiError]) -> list[type[BattuiError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in every(child))]


@pytest.mark.parametrize(
    "kind",
    [kind for kind in every(BattuiError) if kind.__module__ == errors.__name__],
    ids=lambda kind: kind.__name__,
)
def test_every_error_arrives_as_its_class(kind: type[BattuiError]) -> None:
    sent = kind("what", about="whom", remedy="how")
    received = error_of(unpack_error(error_frame(sent)))
    assert type(received) is kind
    assert (str(received), received.exit_code) == (str(sent), sent.exit_code)


def unpack_error(frame: Error) -> Error:
    _, notice = unpack_notice(pack_notice(1, frame))
    assert isinstance(notice, Error)
    return notice


def test_an_error_of_a_later_version_is_still_an_error() -> None:
    assert type(error_of(Error("NotKnownYet", "what"))) is BattuiError
    assert error_of(unpack_error(error_frame(errors.Busy("full", retry_after=2.5)))).retry_after == 2.5  # type: ignore[attr-defined]
