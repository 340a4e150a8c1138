"""Objects as learned code sees them: slots, delegation, messages, primitives."""

from __future__ import annotations

import pytest
from hypothesis import given

from battui.cell.conversation import Call, Load
from battui.contracts.activation import Activation, ChangeSet, ObjectChange
from battui.contracts.values import Ref, Value
from tests.unit.cell.play import DEPOSIT, Play, put
from tests.unit.cell.test_wire import VALUES, exact


def test_a_method_reads_and_writes_slots(play: Play) -> None:
    play.object(1, DEPOSIT, balance=100)
    answer = play.send(1, "deposit_", amount=50)
    assert answer.result == 150
    assert answer.changes == ChangeSet((ObjectChange(1, b"serial1", {"balance": 150}),))
    assert answer.loaded == {1}


def test_a_method_of_an_ancestor_works_on_the_receiver(play: Play) -> None:
    play.object(1, parents=(2,), balance=1)
    play.object(2, parents=(3,))
    play.object(3, DEPOSIT, balance=1000)
    answer = play.send(1, "deposit_", amount=1)
    assert put(answer) == {1: {"balance": 2}}
    assert play.asked == [Load(2), Load(3)]


def test_lookup_goes_depth_first_and_left_to_right(play: Play) -> None:
    play.object(1, "def which_(self):\n    return self.word", parents=(2, 3))
    play.object(2, parents=(4,))
    play.object(3, word="right")
    play.object(4, word="left, above")
    assert play.send(1, "which_").result == "left, above"


def test_a_circle_of_parents_ends(play: Play) -> None:
    play.object(1, "def which_(self):\n    return self.word", parents=(2,))
    play.object(2, parents=(1,))
    failure = play.send(1, "which_").failure
    assert failure is not None
    assert (failure.kind, failure.oid, failure.selector) == ("unknown", 1, "word")


def test_only_what_is_touched_is_loaded(play: Play) -> None:
    play.object(1, "def same_(self):\n    return [self.owner == self.owner, self.owner]", owner=Ref(2))
    answer = play.send(1, "same_")
    assert answer.result == [True, Ref(2)]
    assert play.asked == []


def test_messages_reach_other_objects_in_the_same_cell(play: Play) -> None:
    pay = "def pay_(self, amount):\n    self.to.deposit_(amount)\n    return self.to.deposit_(amount=amount)"
    play.object(1, pay, to=Ref(2))
    play.object(2, DEPOSIT, balance=0)
    answer = play.send(1, "pay_", amount=5)
    assert answer.result == 10
    assert put(answer) == {2: {"balance": 10}}


def test_parameters_may_have_defaults(play: Play) -> None:
    play.object(1, "def add_(self, a, b=2):\n    return a + b")
    assert play.send(1, "add_", a=1).result == 3
    assert play.send(1, "add_", a=1, b=1).result == 2


def test_data_takes_no_arguments(play: Play) -> None:
    play.object(1, balance=1)
    assert play.send(1, "balance").result == 1
    failure = play.send(1, "balance", amount=1).failure
    assert failure is not None
    assert failure.kind == "arguments"


WRONG_ARGUMENTS: list[dict[str, int]] = [{}, {"amout": 1}, {"amount": 1, "more": 2}]


@pytest.mark.parametrize("arguments", WRONG_ARGUMENTS)
def test_wrong_arguments_are_named(play: Play, arguments: dict[str, int]) -> None:
    play.object(1, DEPOSIT, balance=1)
    failure = play.activate(Activation(1, "deposit_", arguments)).failure
    assert failure is not None
    assert (failure.kind, failure.oid, failure.selector) == ("arguments", 1, "deposit_")


def test_an_unknown_message_inside_names_who_did_not_understand(play: Play) -> None:
    play.object(1, "def ask_(self):\n    return self.owner.age_in_days_()", owner=Ref(2))
    play.object(2, name="Ada")
    failure = play.send(1, "ask_").failure
    assert failure is not None
    assert (failure.kind, failure.oid, failure.selector) == ("unknown", 2, "age_in_days_")


def test_an_unknown_message_can_be_caught(play: Play) -> None:
    play.object(
        1, "def ask_(self):\n    try:\n        return self.age\n    except AttributeError:\n        return 0"
    )
    assert play.send(1, "ask_").result == 0


def test_a_reference_to_nothing_raises(play: Play) -> None:
    play.object(1, "def ask_(self):\n    return self.owner.name", owner=Ref(2))
    failure = play.send(1, "ask_").failure
    assert failure is not None
    assert (failure.kind, failure.error_type) == ("raised", "UnknownObject")


def test_a_missing_parent_is_told_apart(play: Play) -> None:
    play.object(1, "def ask_(self):\n    return self.name", parents=(2,))
    failure = play.send(1, "ask_").failure
    assert failure is not None
    assert (failure.kind, failure.error_type) == ("raised", "MissingParent")


RESERVED = ["self._secret", "self.__class__", "self.__dict__", "self._oid", "self._behaviour", "self._p_oid"]


@pytest.mark.parametrize("read", RESERVED)
def test_names_with_an_underscore_are_out_of_reach(play: Play, read: str) -> None:
    play.object(1)
    failure = play.attempt(1, f"def look_(self):\n    return {read}").failure
    assert failure is not None
    assert failure.error_type == "AttributeError"


def test_other_primitives_are_asked_of_the_kernel(play: Play) -> None:
    play.service = lambda call: [call.arguments["prompt"], Ref(7)]
    play.object(1, primitives=("infer_",))
    play.object(7, name="found")
    answer = play.attempt(
        1, "def ask_(self):\n    words, found = self.infer_(prompt='Hm?')\n    return [words, found.name]"
    )
    assert answer.result == ["Hm?", "found"]
    assert play.asked == [Call("infer_", 1, {"prompt": "Hm?"}), Load(7)]


def test_primitives_want_names_for_their_arguments(play: Play) -> None:
    play.object(1, primitives=("infer_",))
    failure = play.attempt(1, "def ask_(self):\n    return self.infer_('Hm?')").failure
    assert failure is not None
    assert failure.kind == "arguments"


def test_the_kernel_is_not_asked_about_objects_that_it_does_not_know(play: Play) -> None:
    play.object(1, primitives=("clone", "infer_"))
    failure = play.attempt(1, "def ask_(self):\n    return self.infer_(about=self.clone())").failure
    assert failure is not None
    assert failure.error_type == "RuntimeError"
    assert play.asked == []


@given(VALUES)
def test_any_value_survives_being_looked_at(value: Value) -> None:
    play = Play()
    play.object(1, kept=value)
    answer = play.attempt(1, "def look_(self):\n    return self.kept")
    assert exact(answer.result) == exact(value)
    assert answer.changes == ChangeSet()
