"""What learned code changes: the signal it owes, writes that are refused, and new objects."""

from __future__ import annotations

import pytest
from hypothesis import given

from battui.contracts.activation import ChangeSet, NewObject
from battui.contracts.values import Ref, Value
from tests.unit.cell.play import DEPOSIT, Play, put
from tests.unit.cell.test_wire import VALUES, exact

COVENANT = {
    "an assignment": ("self.balance = 2", {"balance"}),
    "an assignment in place": ("self.balance += 1", {"balance"}),
    "a list": ("self.entries.append(3)", {"entries"}),
    "a list in a dictionary": ("self.index['a'].append(3)", {"index"}),
    "an order of keys": (
        "self.index['b'] = self.index.pop('b')\n    self.index['a'] = self.index.pop('a')",
        {"index"},
    ),
    "a number's type": ("self.balance = 1.0", {"balance"}),
    "an alias": ("found = self.entries\n    found[0] = 7", {"entries"}),
    "a helper": ("def helper(items):\n        items.clear()\n    helper(self.entries)", {"entries"}),
    "a new slot": ("self.fresh = 1", {"fresh"}),
    "a removed slot": ("del self.balance", {"balance"}),
}


@pytest.mark.parametrize("change", COVENANT)
def test_a_change_needs_the_signal(play: Play, change: str) -> None:
    body, slots = COVENANT[change]
    play.object(1, balance=1, entries=[1, 2], index={"a": [1], "b": []})
    failure = play.attempt(1, f"def change_(self):\n    {body}").failure
    assert failure is not None
    assert (failure.kind, failure.oid) == ("covenant", 1)
    answer = play.attempt(1, f"def change_(self):\n    {body}\n    self._p_changed = True")
    assert answer.failure is None, answer.failure
    (changed,) = answer.changes.changes
    assert {*changed.put, *changed.removed} == slots


def test_the_signal_counts_for_its_own_object(play: Play) -> None:
    rename = "def rename_(self):\n    self.owner.name = 'Eve'\n    self._p_changed = True"
    play.object(1, rename, owner=Ref(2))
    play.object(2, name="Ada")
    failure = play.send(1, "rename_").failure
    assert failure is not None
    assert (failure.kind, failure.oid) == ("covenant", 2)
    other = "def rename_(self):\n    self.owner.name = 'Eve'\n    self.owner._p_changed = True"
    assert put(play.attempt(1, other)) == {2: {"name": "Eve"}}


def test_what_is_put_back_is_no_change(play: Play) -> None:
    body = "def touch_(self):\n    self.entries.append(3)\n    self.entries.pop()\n    self.balance = 1"
    play.object(1, body, entries=[1], balance=1)
    assert play.send(1, "touch_").changes == ChangeSet()


def test_a_removed_slot_lets_the_parent_s_show(play: Play) -> None:
    body = "def forget_(self):\n    del self.word\n    self._p_changed = True\n    return self.word"
    play.object(1, body, parents=(2,), word="own")
    play.object(2, word="inherited")
    answer = play.send(1, "forget_")
    assert answer.result == "inherited"
    assert answer.changes.changes[0].removed == ("word",)


def test_a_change_after_a_raised_error_is_discarded(play: Play) -> None:
    play.object(1, "def fail_(self):\n    self.x = 1\n    self._p_changed = True\n    return 1 / 0")
    answer = play.send(1, "fail_")
    assert answer.changes == ChangeSet()
    assert answer.failure is not None
    assert answer.failure.error_type == "ZeroDivisionError"


REFUSED_WRITES = {
    "self._x = 1": "NotASelector",
    "self.deposit_ = 1": "NotStorable",
    "self.clone = 1": "NotStorable",
    "del self.deposit_": "NotStorable",
    "del self.nothing": "AttributeError",
    "self._p_changed = False": "AttributeError",
    "self.x = {1, 2}": "NotStorable",
    "self.x = {1: 2}": "NotStorable",
    "self.x = math.nan": "NotStorable",
    "self.x = self.deposit_": "NotStorable",
    "self.x = 10 ** 5000": "NotStorable",
    "self.x = chr(0xd800)": "NotStorable",
    "x = []\n    x.append(x)\n    self.x = x": "NotStorable",
}


@pytest.mark.parametrize("write", REFUSED_WRITES)
def test_writes_that_are_refused_raise_at_their_line(play: Play, write: str) -> None:
    play.object(1, DEPOSIT, primitives=("clone",), balance=1)
    failure = play.attempt(1, f"def write_(self):\n    {write}").failure
    assert failure is not None
    assert failure.error_type == REFUSED_WRITES[write]
    assert write.splitlines()[-1].strip() in failure.traceback
    assert "battui" not in failure.traceback


def test_living_objects_travel_as_references(play: Play) -> None:
    body = """def meet_(self, other):
    self.friends = [other, {'me': self}]
    self._p_changed = True
    return (other,)
"""
    play.object(1, body)
    play.object(2)
    answer = play.send(1, "meet_", other=Ref(2))
    assert answer.result == [Ref(2)]
    assert put(answer) == {1: {"friends": [Ref(2), {"me": Ref(1)}]}}


def test_a_clone_shares_parents_and_methods_and_copies_data(play: Play) -> None:
    body = """def branch_(self):
    twin = self.clone(name='B')
    twin.entries.append(2)
    twin.hello_()
    return twin
"""
    hello = "def hello_(self):\n    print(self.name, self.entries)"
    play.object(1, body, hello, parents=(2,), primitives=("clone",), name="A", entries=[1])
    play.object(2)
    answer = play.send(1, "branch_")
    assert answer.printed == "B [1, 2]\n"
    assert answer.result == Ref(-1)
    expected = NewObject(-1, {"entries": [1, 2], "name": "B"}, {"parent*": (Ref(2),)}, cloned_from=1)
    assert answer.changes == ChangeSet(created=(expected,))


def test_a_clone_copies_the_objects_in_its_data_and_closes_circles(play: Play) -> None:
    play.object(1, primitives=("clone",), friend=Ref(2))
    play.object(2, friend=Ref(1), name="Bo")
    created = play.attempt(1, "def twin_(self):\n    return self.clone()").changes.created
    assert created == (
        NewObject(-1, {"friend": Ref(-2)}, cloned_from=1),
        NewObject(-2, {"friend": Ref(-1), "name": "Bo"}, cloned_from=2),
    )


def test_a_clone_of_a_clone_has_the_same_origin(play: Play) -> None:
    play.object(1, primitives=("clone",), x=1)
    answer = play.attempt(1, "def twins_(self):\n    return self.clone().clone(x=2)")
    assert answer.changes.created == (NewObject(-1, {"x": 2}, cloned_from=1),)


def test_new_objects_that_nothing_leads_to_are_dropped(play: Play) -> None:
    play.object(1, primitives=("clone",), x=1)
    answer = play.attempt(1, "def look_(self):\n    return self.clone(x=5).x")
    assert answer.result == 5
    assert answer.changes == ChangeSet()


def test_a_new_object_delegates_to_its_maker(play: Play) -> None:
    body = "def child_(self):\n    child = self.new(age=1)\n    return [child.word, child]"
    play.object(1, body, primitives=("new",), word="mine")
    answer = play.send(1, "child_")
    assert answer.result == ["mine", Ref(-1)]
    assert answer.changes.created == (NewObject(-1, {"age": 1}, {"parent*": (Ref(1),)}),)


@given(VALUES, VALUES)
def test_any_change_is_found(before: Value, after: Value) -> None:
    """In a list that is changed in place, exactly when its content is another one."""
    play = Play()
    play.object(1, kept=[before])
    body = "def put_(self, value):\n    self.kept[0] = value\n    self._p_changed = True"
    answer = play.attempt(1, body, value=after)
    changed: list[Value] = [dict(change.put) for change in answer.changes.changes]
    same = exact(before) == exact(after)
    assert exact(changed) == exact([] if same else [{"kept": [after]}])
