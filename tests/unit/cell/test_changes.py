"""Each rule of the check of answers, broken once: the answer that breaks it is an error, its neighbour is not."""

from __future__ import annotations

import pytest

from battui.cell import wire
from battui.cell.conversation import Conversation
from battui.contracts.activation import Activation, CellAnswer, MethodText, ObjectState
from battui.contracts.values import Ref, Value

ACCOUNT = ObjectState(
    1,
    b"one",
    slots={"balance": 1, "owner": Ref(2)},
    parents={"parent*": (Ref(4),)},
    methods={"deposit_": MethodText("")},
    primitives=frozenset({"clone"}),
)
OWNER = ObjectState(2, b"two", slots={"name": "Ada"})
Message = dict[str, Value]


def heard(message: Message, *, expectation: str | None = None) -> CellAnswer:
    """What becomes of an answer of a cell that tried `new_` on the account and loaded its owner."""
    activation = Activation(1, "new_", trial=MethodText(""), expectation=expectation)
    conversation = Conversation(activation)
    conversation.opening(ACCOUNT)
    conversation.state(OWNER)
    answer = conversation.heard(wire.pack(message))
    assert isinstance(answer, CellAnswer)
    return answer


def answer(**fields: Value) -> Message:
    return {"kind": "answer", "printed": "", "result": None, "changes": [], "created": [], **fields}


def changed(*, oid: Value = 1, put: Value = None, removed: Value = None) -> Message:
    return {"oid": oid, "put": put or {}, "removed": removed or []}


def made(*, oid: Value = -1, slots: Value = None, parents: Value = None, origin: Value = None) -> Message:
    plain: Value = {"parent*": [Ref(1)]}
    return {
        "oid": oid,
        "slots": slots or {},
        "parents": plain if parents is None else parents,
        "cloned_from": origin,
    }


def failed(**fields: Value) -> Message:
    plain: Message = {
        "kind": "raised",
        "message": "",
        "error_type": "",
        "traceback": "",
        "oid": None,
        "selector": "",
    }
    return {"kind": "answer", "printed": "", "failure": {**plain, **fields}}


SHARED: Value = {"parent*": [Ref(4)]}
REGULAR: dict[str, Message] = {
    "nothing": answer(),
    "a slot put": answer(changes=[changed(put={"balance": 2, "more": [Ref(2)]})]),
    "a slot removed": answer(changes=[changed(removed=["balance", "owner"])]),
    "two objects changed": answer(changes=[changed(), changed(oid=2, put={"name": "Eve"})]),
    "new objects": answer(result=Ref(-2), created=[made(), made(oid=-2, slots={"x": Ref(-1)})]),
    "a new object with a name that its parent has": answer(created=[made(slots={"deposit_": 1})]),
    "a clone": answer(created=[made(slots={"balance": 2}, parents=SHARED, origin=1)]),
    "a clone of another": answer(created=[made(slots={"deposit_": 2}, parents={}, origin=2)]),
    "a failure": failed(),
    "a failure about an object": failed(kind="unknown", oid=4, selector="x"),
    "a failure about a new object": failed(kind="unknown", oid=-3, selector="x"),
}


@pytest.mark.parametrize("name", REGULAR)
def test_a_regular_answer_is_heard(name: str) -> None:
    heard(REGULAR[name])


IRREGULAR: dict[str, Message] = {
    "a method put": answer(changes=[changed(put={"deposit_": 1})]),
    "a primitive put": answer(changes=[changed(put={"clone": 1})]),
    "the method on trial put": answer(changes=[changed(put={"new_": 1})]),
    "a parent put": answer(changes=[changed(put={"parent*": Ref(2)})]),
    "another parent put": answer(changes=[changed(put={"more*": Ref(2)})]),
    "a reserved name put": answer(changes=[changed(put={"_p_oid": 1})]),
    "no name put": answer(changes=[changed(put={"a b": 1})]),
    "a keyword put": answer(changes=[changed(put={"class": 1})]),
    "a stranger put": answer(changes=[changed(put={"x": Ref(99)})]),
    "a stranger inside": answer(changes=[changed(put={"x": [{"y": Ref(99)}]})]),
    "a new object that is none": answer(changes=[changed(put={"x": Ref(-1)})]),
    "one object twice": answer(changes=[changed(), changed()]),
    "an object never loaded": answer(changes=[changed(oid=4)]),
    "an object by a truth": answer(changes=[changed(oid=True)]),
    "removed what is not there": answer(changes=[changed(removed=["x"])]),
    "removed a method": answer(changes=[changed(removed=["deposit_"])]),
    "removed twice": answer(changes=[changed(removed=["balance", "balance"])]),
    "removed and put": answer(changes=[changed(put={"balance": 1}, removed=["balance"])]),
    "removed by number": answer(changes=[changed(removed=[1])]),
    "new under an old number": answer(created=[made(oid=1)]),
    "new with a gap": answer(created=[made(oid=-2)]),
    "new under one number twice": answer(created=[made(), made()]),
    "new with two parents": answer(created=[made(parents={"parent*": [Ref(1), Ref(2)]})]),
    "new with two parent slots": answer(created=[made(parents={"parent*": [Ref(1)], "more*": [Ref(1)]})]),
    "new without parents": answer(created=[made(parents={})]),
    "new with a stranger for a parent": answer(created=[made(parents={"parent*": [Ref(99)]})]),
    "new with a number for a parent": answer(created=[made(parents={"parent*": [1]})]),
    "new with a parent among its slots": answer(created=[made(slots={"more*": Ref(1)})]),
    "new with a reserved slot": answer(created=[made(slots={"_v_x": 1})]),
    "new with a stranger": answer(created=[made(slots={"x": Ref(99)})]),
    "a clone with other parents": answer(created=[made(origin=1)]),
    "a clone with a parent more": answer(
        created=[made(parents={"parent*": [Ref(4)], "x*": [Ref(2)]}, origin=1)]
    ),
    "a clone with data for a method": answer(created=[made(slots={"deposit_": 1}, parents=SHARED, origin=1)]),
    "a clone of what was not loaded": answer(created=[made(parents={}, origin=4)]),
    "a clone of a stranger": answer(created=[made(parents={}, origin=99)]),
    "a clone of a new object": answer(created=[made(), made(oid=-2, parents={}, origin=-1)]),
    "a stranger for a result": answer(result=Ref(99)),
    "a field too many": answer(more=1),
    "text that is none": answer(printed=1),
    "a verdict that nobody asked for": answer(expectation_met=True),
    "a failure that calls itself hostile": failed(kind="hostile"),
    "a failure of no kind": failed(kind="tired"),
    "a failure about a stranger": failed(kind="unknown", oid=99),
    "a failure about a truth": failed(kind="unknown", oid=True),
    "a failure with an endless message": failed(message="x" * 20_001),
    "a failure with an endless selector": failed(selector="x" * 20_001),
    "a failure with a result": {**failed(), "result": 1},
}


@pytest.mark.parametrize("name", IRREGULAR)
def test_an_irregular_answer_is_an_error(name: str) -> None:
    with pytest.raises(wire.WireError):
        heard(IRREGULAR[name])


def test_a_value_nests_as_deep_as_a_slot_may() -> None:
    nest: Value = None
    for _ in range(32):
        nest = [nest]
    assert heard(answer(result=nest)).result == nest
    with pytest.raises(wire.WireError):
        heard(answer(result=[nest]))
