"""The kernel's side: whatever a cell writes is a request within its rights, a checked answer, or a WireError."""

from __future__ import annotations

import copy
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from battui.cell import wire
from battui.cell.conversation import Call, Conversation, Load, TooManyRequests
from battui.cell.references import references
from battui.contracts.activation import (
    Activation,
    CellAnswer,
    CellLimits,
    MethodText,
    NewObject,
    ObjectChange,
    ObjectState,
)
from battui.contracts.values import Ref, Value

STATE = ObjectState(
    oid=1,
    serial=b"one",
    slots={"balance": 1, "owner": Ref(2), "entries": [{"by": Ref(3)}]},
    parents={"parent*": (Ref(4),)},
    methods={"deposit_": MethodText("")},
    primitives=frozenset({"clone", "infer_"}),
)
SHOWN = {1, 2, 3, 4, 5}
ANSWER: dict[str, Value] = {
    "kind": "answer",
    "printed": "hello",
    "result": [Ref(-1), {"a": Ref(5)}],
    "changes": [{"oid": 1, "put": {"balance": 2, "twin": Ref(-1)}, "removed": ["owner"]}],
    "created": [
        {"oid": -1, "slots": {"x": Ref(-2)}, "parents": {"parent*": [Ref(4)]}, "cloned_from": 1},
        {"oid": -2, "slots": {}, "parents": {"parent*": [Ref(-1)]}, "cloned_from": None},
    ],
    "expectation_met": True,
}


def conversation(*, limits: CellLimits | None = None) -> Conversation:
    """One in which the receiver was loaded, and `5` was an argument."""
    activation = Activation(
        1, "deposit_", {"to": Ref(5)}, expectation="result", limits=limits or CellLimits()
    )
    begun = Conversation(activation)
    begun.opening(STATE)
    return begun


def heard(message: Value) -> Load | Call | CellAnswer:
    """What a fresh conversation makes of a message."""
    return conversation().heard(wire.pack(message))


def test_a_regular_answer_is_taken_as_it_is() -> None:
    answer = heard(ANSWER)
    assert isinstance(answer, CellAnswer)
    assert answer.result == ANSWER["result"]
    (change,) = answer.changes.changes
    assert (change.oid, change.serial, change.removed) == (1, b"one", ("owner",))
    assert [(new.oid, new.cloned_from) for new in answer.changes.created] == [(-1, 1), (-2, None)]
    assert answer.loaded == {1}
    assert answer.expectation_met is True


@given(st.binary(max_size=300))
def test_any_bytes_are_an_error_or_heard(data: bytes) -> None:
    try:
        conversation().heard(data)
    except wire.WireError:
        return


FRAGMENTS: st.SearchStrategy[Value] = st.sampled_from(
    [
        Ref(99),
        Ref(-7),
        Ref(1),
        0,
        -1,
        1,
        True,
        None,
        "x",
        "_x",
        "parent*",
        "deposit_",
        "",
        [],
        {},
        [[]],
        {"x": 1},
    ]
)


@given(st.data())
def test_a_twisted_answer_is_an_error_or_within_the_cell_s_rights(data: st.DataObject) -> None:
    """Exchange, remove or add a value anywhere in a regular answer, up to three times."""
    message = copy.deepcopy(ANSWER)
    for _ in range(data.draw(st.integers(1, 3))):
        _twist(message, data)
    try:
        answer = heard(message)
    except wire.WireError:
        return
    if isinstance(answer, CellAnswer):
        assert_within_rights(answer)


def _twist(message: dict[str, Value], data: st.DataObject) -> None:
    place: Value = message
    while True:
        inner = [item for item in _items(place) if isinstance(item, list | dict)]
        if not inner or data.draw(st.booleans()):
            break
        place = data.draw(st.sampled_from(inner))
    replacement = copy.deepcopy(data.draw(FRAGMENTS))
    if isinstance(place, dict):
        key = data.draw(st.sampled_from([*place, "_x", "deposit_", "clone", "parent*", "99"]))
        if data.draw(st.booleans()):
            place.pop(key, None)
        else:
            place[key] = replacement
    elif isinstance(place, list):
        place.insert(data.draw(st.integers(0, len(place))), replacement)


def _items(value: Value) -> list[Value]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def assert_within_rights(answer: CellAnswer) -> None:
    """No forged reference, no forged object, no name that data may not have."""
    created = {new.oid for new in answer.changes.created}
    assert created == set(range(-len(created), 0))
    values = [answer.result]
    for change in answer.changes.changes:
        assert (change.oid, change.serial) == (1, b"one")
        assert set(change.removed) <= STATE.slots.keys()
        values.extend(change.put.values())
    for new in answer.changes.created:
        assert new.cloned_from in (None, 1)
        values.extend(new.slots.values())
        values.extend(ref for refs in new.parents.values() for ref in refs)
    parts: tuple[ObjectChange | NewObject, ...] = (*answer.changes.changes, *answer.changes.created)
    for part in parts:
        assert not any(name.startswith("_") or name.endswith("*") for name in _names(part))
        if isinstance(part, ObjectChange) or part.cloned_from is not None:
            assert not {"deposit_", "clone", "infer_"} & set(_names(part))
    assert {ref.oid for value in values for ref in references(value)} <= SHOWN | created


def _names(part: ObjectChange | NewObject) -> list[str]:
    return list(part.put if isinstance(part, ObjectChange) else part.slots)


@given(st.integers(-(1 << 63), (1 << 64) - 1))
@example(1)
@example(5)
def test_only_what_was_shown_is_loaded(oid: int) -> None:
    if oid in SHOWN:
        assert heard({"kind": "load", "oid": oid}) == Load(oid)
    else:
        with pytest.raises(wire.WireError):
            heard({"kind": "load", "oid": oid})


def test_what_is_loaded_shows_more() -> None:
    begun = conversation()
    ask = wire.pack({"kind": "load", "oid": 77})
    with pytest.raises(wire.WireError):
        begun.heard(ask)
    begun.state(ObjectState(2, b"two", slots={"friend": Ref(77)}))
    assert begun.heard(ask) == Load(77)
    assert begun.loaded == {1, 2}


def test_what_a_service_answers_may_be_loaded() -> None:
    begun = conversation()
    begun.value([{"found": Ref(77)}])
    assert begun.heard(wire.pack({"kind": "load", "oid": 77})) == Load(77)


def test_services_are_primitives_of_loaded_objects() -> None:
    call: dict[str, Value] = {"kind": "call", "name": "infer_", "receiver": 2, "arguments": {"about": Ref(3)}}
    assert heard(call) == Call("infer_", 2, {"about": Ref(3)})
    for forged in (
        {"name": "search_"},
        {"receiver": 99},
        {"receiver": -1},
        {"arguments": {"about": Ref(99)}},
    ):
        with pytest.raises(wire.WireError):
            heard({**call, **cast("dict[str, Value]", forged)})


def test_asking_has_a_limit() -> None:
    begun = conversation(limits=CellLimits(loads=2))
    ask = wire.pack({"kind": "load", "oid": 2})
    begun.heard(ask)
    begun.heard(ask)
    with pytest.raises(TooManyRequests):
        begun.heard(ask)


VERDICTS: list[dict[str, Value]] = [
    {},
    {"expectation_met": None},
    {"expectation_met": 1},
    {"expectation_met": True, "expectation_error": "but"},
    {"expectation_met": False, "expectation_error": "but"},
]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_an_expectation_has_one_verdict(verdict: dict[str, Value]) -> None:
    message = {name: value for name, value in ANSWER.items() if name != "expectation_met"}
    with pytest.raises(wire.WireError):
        heard({**message, **verdict})
