"""What keeps a cell's answer from being what a case asks for."""

from __future__ import annotations

from typing import Any

import pytest

from battui.contracts.activation import CellAnswer, CellFailure, ChangeSet, ObjectChange, ObjectState
from battui.contracts.cases import Case, case_from, case_of_record, case_record, contradiction
from battui.contracts.values import Value
from battui.kernel.activation.judging import CopyWithSlots, shortfall

OID = 7
SLOTS: dict[str, Value] = {"balance": 100, "log": []}


def case(**fields: object) -> Case:
    return case_from({"slots": SLOTS, **fields}, "case", "here")


def answer(result: Value = None, removed: tuple[str, ...] = (), oid: int = OID, **put: Value) -> CellAnswer:
    change = ObjectChange(oid, bytes(8), put, removed)
    return CellAnswer(result, ChangeSet((change,) if put or removed else ()))


def failure(kind: Any, error_type: str = "") -> CellAnswer:
    return CellAnswer(failure=CellFailure(kind, "words", error_type))


JUDGED = [
    (case(result=3), answer(3), ""),
    (case(result=3), answer(4), "the result is 4, not 3"),
    (case(result=None), answer(0), "the result is 0, not None"),
    (case(after=SLOTS), answer(4), ""),
    (case(result=3), answer(3, balance=1), "balance is 1, not 100"),
    (case(after={**SLOTS, "balance": 1}), answer(balance=1), ""),
    (case(after={**SLOTS, "balance": 1}), answer(), "balance is 100, not 1"),
    (case(after={**SLOTS, "balance": 1}), answer(balance=1, oid=8), "balance is 100, not 1"),
    (case(after={"balance": 100}), answer(), "the slot log should not be there"),
    (case(after={"balance": 100}), answer(removed=("log",)), ""),
    (case(after=SLOTS), answer(removed=("log",)), "the slot log is gone"),
    (case(after={**SLOTS, "new": 1}), answer(balance=2), "balance is 2, not 100; the slot new is gone"),
    (case(raises="ValueError"), failure("raised", "ValueError"), ""),
    (case(raises="ValueError"), failure("raised", "KeyError"), "KeyError: words"),
    (case(raises="ValueError"), failure("stopped"), "stopped: words"),
    (case(raises="ValueError"), answer(), "it did not raise ValueError"),
    (case(result=3), failure("raised", "ValueError"), "ValueError: words"),
]


@pytest.mark.parametrize(("asked", "given", "lacking"), JUDGED)
def test_what_is_lacking_is_said(asked: Case, given: CellAnswer, lacking: str) -> None:
    assert shortfall(asked, given, OID) == lacking


@pytest.mark.parametrize("asked", [asked for asked, _, _ in JUDGED])
def test_a_record_stands_for_its_case(asked: Case) -> None:
    assert case_of_record(case_record(asked)) == asked


def test_older_images_kept_only_what_a_send_had_put() -> None:
    kept = {"slots": SLOTS, "arguments": {"amount": 1}, "result": 2, "after": {"balance": 101}}
    assert case_of_record(kept).after == {"balance": 101, "log": []}
    assert case_of_record(kept).answers


CONTRADICTING = [
    (case(result=3), case(result=4), True),
    (case(result=3), case(after=SLOTS), False),
    (case(result=3), case(after={}, result=3), True),
    (case(result=3), case(raises="ValueError"), True),
    (case(raises="KeyError"), case(raises="ValueError"), True),
    (case(raises="KeyError"), case(raises="KeyError"), False),
    (case(result=3, args={"a": 1}), case(result=4, args={"a": 2}), False),
    (case(result=3), case_from({"slots": {}, "result": 4}, "", ""), False),
]


@pytest.mark.parametrize(("first", "second", "contradict"), CONTRADICTING)
def test_cases_contradict_each_other_either_way_round(first: Case, second: Case, contradict: bool) -> None:
    assert contradiction(first, second) is contradict
    assert contradiction(second, first) is contradict


class Two:
    """A source of two objects."""

    async def load(self, oid: int) -> ObjectState | None:
        return ObjectState(oid, bytes(8), {"own": oid}) if oid in (OID, 8) else None


async def test_only_the_copy_has_other_slots() -> None:
    copy = CopyWithSlots(Two(), OID, SLOTS)
    states = [await copy.load(oid) for oid in (OID, 8, 9)]
    assert [state and state.slots for state in states] == [SLOTS, {"own": 8}, None]
