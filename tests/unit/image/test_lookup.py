"""Lookup with its cache against a plain one without, while two connections change the same delegation graph."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, cast

import pytest
import transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from ZODB.POSException import ConflictError

from battui.contracts.errors import MissingParent
from battui.contracts.values import Value, is_parent_slot
from battui.image import lookup
from battui.image.image import Image
from battui.image.lookup import Found, Missing, find
from battui.image.objects import UvmObject
from battui.image.primitive import Primitive

OBJECTS = 6
NAMES = ("a", "b", "c")
PARENT_SLOTS = ("parent*", "state*")
OBJECT = st.integers(0, OBJECTS - 1)
CONNECTION = st.sampled_from((0, 1))
VALUE = st.one_of(st.integers(0, 9), st.builds(Primitive, st.sampled_from("xyz")))


def plainly(receiver: UvmObject, name: str, seen: set[int] | None = None) -> Any:
    """The meaning of lookup: own slot, else depth first, left to right, each object once. None is nothing found."""
    seen = set() if seen is None else seen
    if id(receiver) in seen:
        return None
    seen.add(id(receiver))
    own = dict(receiver._slots)
    if name in own:
        return (receiver, own[name])
    parents: list[Any] = []
    for slot, value in own.items():
        if is_parent_slot(slot):
            parents += value if isinstance(value, list) else [value]
    if not all(isinstance(parent, UvmObject) for parent in parents):
        raise MissingParent("no object")
    for parent in parents:
        if (found := plainly(parent, name, seen)) is not None:
            return found
    return None


class View:
    """One connection with its transaction."""

    def __init__(self, image: Image) -> None:
        self.manager = transaction.TransactionManager(explicit=True)
        self.connection = image.database.open(self.manager)
        self.manager.begin()

    @property
    def objects(self) -> list[UvmObject]:
        return list(self.connection.root()["lobby"]["objects"])

    def commit(self) -> None:
        try:
            self.manager.commit()
        except ConflictError:
            self.manager.abort()
        self.manager.begin()

    def close(self) -> None:
        self.manager.abort()
        self.connection.close()


class TwoConnections(RuleBasedStateMachine):
    """Any change in either connection; after each, both see what the plain lookup sees."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.image = self.stack.enter_context(Image.open(folder))

    @initialize(parents=st.lists(st.lists(OBJECT, max_size=3), min_size=OBJECTS, max_size=OBJECTS))
    def make(self, parents: list[list[int]]) -> None:
        with self.image.unit_of_work("make") as world:
            objects = [world.store(UvmObject()) for _ in range(OBJECTS)]
            for each, chosen in zip(objects, parents, strict=True):
                setattr(each, "parent*", [objects[number] for number in chosen])
            for number, name in zip((1, 3, 5), NAMES, strict=True):
                setattr(objects[number], name, number)
            world.bind("objects", cast("Value", objects))
        self.views = [View(self.image), View(self.image)]
        for view in self.views:
            self.stack.callback(view.close)

    @rule(at=CONNECTION, which=OBJECT, name=st.sampled_from(NAMES), value=VALUE)
    def put(self, at: int, which: int, name: str, value: Any) -> None:
        setattr(self.views[at].objects[which], name, value)

    @rule(at=CONNECTION, which=OBJECT, name=st.sampled_from(NAMES + PARENT_SLOTS))
    def remove(self, at: int, which: int, name: str) -> None:
        target = self.views[at].objects[which]
        if name in target._slots:
            delattr(target, name)

    @rule(
        at=CONNECTION, which=OBJECT, slot=st.sampled_from(PARENT_SLOTS), parents=st.lists(OBJECT, max_size=3)
    )
    def adopt(self, at: int, which: int, slot: str, parents: list[int]) -> None:
        objects = self.views[at].objects
        chosen = [objects[number] for number in parents]
        setattr(objects[which], slot, chosen[0] if len(chosen) == 1 else chosen)

    @rule(at=CONNECTION, which=OBJECT, parent=OBJECT)
    def adopt_in_place(self, at: int, which: int, parent: int) -> None:
        objects = self.views[at].objects
        parents = objects[which]._slots.get("parent*")
        if isinstance(parents, list):
            parents.insert(0, objects[parent])
            objects[which]._p_changed = True

    @rule(at=CONNECTION, which=OBJECT)
    def orphan(self, at: int, which: int) -> None:
        setattr(self.views[at].objects[which], "state*", 3)

    @rule(at=CONNECTION)
    def commit(self, at: int) -> None:
        self.views[at].commit()

    @rule(at=CONNECTION)
    def abort(self, at: int) -> None:
        self.views[at].manager.abort()
        self.views[at].manager.begin()

    @rule(at=CONNECTION, which=OBJECT, parents=st.lists(OBJECT, max_size=2))
    def roll_back(self, at: int, which: int, parents: list[int]) -> None:
        """A change between a savepoint and its rollback, looked at while it stands."""
        savepoint = self.views[at].manager.get().savepoint()
        self.adopt(at, which, "parent*", parents)
        self.agree()
        savepoint.rollback()

    @rule(at=CONNECTION)
    def turn_into_ghosts(self, at: int) -> None:
        self.views[at].connection.cacheMinimize()

    @invariant()
    def agree(self) -> None:
        for view in getattr(self, "views", []):
            for target in view.objects:
                for name in NAMES:
                    assert told(target, name) == meant(target, name)

    def teardown(self) -> None:
        self.stack.close()


def told(target: UvmObject, name: str) -> Any:
    try:
        found = find(target, name)
    except MissingParent:
        return "broken"
    return (found.holder, found.value) if isinstance(found, Found) else None


def meant(target: UvmObject, name: str) -> Any:
    try:
        return plainly(target, name)
    except MissingParent:
        return "broken"


TwoConnections.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestTwoConnections = TwoConnections.TestCase


@pytest.fixture
def depths(image: Image) -> Iterator[list[UvmObject]]:
    """Two hundred objects, each the parent of the one before."""
    with image.unit_of_work("make") as world:
        objects = [world.store(UvmObject(number=0))]
        for _ in range(199):
            objects.insert(0, world.store(UvmObject({"parent*": objects[0]})))
        yield objects


def test_a_found_slot_is_found_again_without_the_chain(depths: list[UvmObject], monkeypatch: Any) -> None:
    first = find(depths[0], "number")
    visited: list[UvmObject] = []

    def visit(child: UvmObject) -> Iterator[UvmObject]:
        visited.append(child)
        return iter(())

    monkeypatch.setattr(lookup, "parents_of", visit)

    assert find(depths[0], "number") == first
    assert visited == []


def test_data_is_read_afresh_though_its_holder_is_remembered(depths: list[UvmObject]) -> None:
    assert find(depths[0], "number") == Found(depths[-1], 0)
    depths[-1].number = 1
    assert find(depths[0], "number") == Found(depths[-1], 1)


def test_what_was_missing_is_found_once_it_is_there(depths: list[UvmObject]) -> None:
    assert find(depths[0], "colour") == Missing("colour")
    depths[100].colour = "red"
    assert find(depths[0], "colour") == Found(depths[100], "red")


@pytest.mark.parametrize("name", ["parents", "clone"])
def test_a_slot_may_be_called_as_battui_calls_its_own_functions(image: Image, name: str) -> None:
    grandparent = UvmObject(kind="person")
    parent = UvmObject({"parent*": [grandparent]}, **{name: ["Ada", "Bob"]})
    child = UvmObject({"parent*": [parent]})

    assert find(child, "kind") == Found(grandparent, "person")
    assert find(child, name) == Found(parent, ["Ada", "Bob"])
