"""Slots, delegation, clones and merging, on real storage."""

from __future__ import annotations

import copy

import pytest
import transaction
from hypothesis import given
from hypothesis import strategies as st
from ZODB.POSException import ConflictError

from battui.contracts.errors import MissingParent
from battui.image.image import Image
from battui.image.lookup import Missing, chain, find
from battui.image.objects import UvmObject, clone_of
from battui.image.world import World


def test_a_slot_is_an_entry_of_the_objects_own_record() -> None:
    account = UvmObject(balance=100)
    account.owner = "Ada"
    assert dict(account._slots) == {"balance": 100, "owner": "Ada"}
    assert account.__getstate__() == {"balance": 100, "owner": "Ada"}


def test_what_an_object_lacks_it_delegates_depth_first_and_left_to_right() -> None:
    grandparent = UvmObject(a="grandparent", b="grandparent", c="grandparent")
    left = UvmObject({"parent*": [grandparent]}, a="left")
    right = UvmObject(a="right", b="right", d="right")
    child = UvmObject({"parent*": [left, right]}, e="child")
    assert [getattr(child, name) for name in "abcde"] == [
        "left",
        "grandparent",
        "grandparent",
        "right",
        "child",
    ]
    assert [holder is child for holder in chain(child)] == [True, False, False, False]


def test_every_slot_with_a_star_is_a_parent() -> None:
    state = UvmObject(name="IDLE", verdict="from the state")
    cycle = UvmObject({"parent*": UvmObject(verdict="from the parent"), "synthesis_state*": state})
    assert cycle.verdict == "from the parent"
    assert cycle.name == "IDLE"


def test_cycles_in_the_chain_end_where_they_close() -> None:
    one = UvmObject(x=1)
    two = UvmObject({"parent*": [one]}, y=2)
    setattr(one, "parent*", [two])
    assert (one.y, two.x) == (2, 1)
    assert find(one, "nowhere") == Missing("nowhere")


def test_a_parent_slot_that_holds_no_object_is_an_error_of_its_own() -> None:
    with pytest.raises(MissingParent, match="parent"):
        find(UvmObject({"parent*": 3}), "anything")


@pytest.mark.parametrize("name", ["__deepcopy__x", "_p_oidx", "__len__"])
def test_names_that_python_and_zodb_probe_for_are_never_delegated(name: str) -> None:
    parent = UvmObject()
    parent.__dict__[name] = "trap"
    with pytest.raises(AttributeError):
        getattr(UvmObject({"parent*": [parent]}), name)


def test_a_clone_copies_data_shares_parents_and_survives_cycles() -> None:
    parent = UvmObject(kind="account")
    origin = UvmObject({"parent*": [parent]}, tags=["a"], nested={"n": [1]})
    origin.itself = origin
    twin = clone_of(origin, {"owner": "Ada"})
    twin.tags.append("b")
    twin.nested["n"].append(2)
    assert (origin.tags, origin.nested) == (["a"], {"n": [1]})
    assert twin.itself is twin
    assert getattr(twin, "parent*")[0] is parent
    assert (twin.owner, "owner" in origin._slots) == ("Ada", False)


def test_repr_neither_loads_nor_stores(image: Image) -> None:
    assert repr(UvmObject(x=1)) == "<object, not yet stored>"
    with image.unit_of_work("read") as world:
        traits = world.root["traits_obj"]
        traits._p_deactivate()
        assert repr(traits).startswith("@")
        assert traits._p_changed is None


def test_what_was_looked_up_is_forgotten_when_another_connection_changes_the_chain(image: Image) -> None:
    def make(world: World) -> None:
        grandparent = world.store(UvmObject(greeting="hello"))
        parent = world.store(UvmObject({"parent*": [grandparent]}))
        world.bind("parent", parent)
        world.bind("child", world.store(UvmObject({"parent*": [parent]})))

    image.perform("make", make)
    manager = transaction.TransactionManager(explicit=True)
    connection = image.database.open(manager)
    manager.begin()
    child = connection.root()["lobby"]["child"]
    assert child.greeting == "hello"
    # A shadowing slot appears in between.
    image.perform("shadow", lambda world: setattr(world.lobby["parent"], "greeting", "shadowed"))
    assert child.greeting == "hello", "a transaction sees one moment"
    manager.abort()
    manager.begin()
    assert child.greeting == "shadowed"
    image.perform("unshadow", lambda world: delattr(world.lobby["parent"], "greeting"))
    manager.abort()
    manager.begin()
    assert child.greeting == "hello"
    manager.abort()
    connection.close()


def test_what_was_looked_up_is_forgotten_on_rollback(image: Image) -> None:
    with image.unit_of_work("read") as world:
        genesis = world.root["genesis_obj"]
        savepoint = world.savepoint()
        world.root["pLLM_obj"].mood = "calm"
        assert genesis.mood == "calm"
        savepoint.rollback()
        assert isinstance(find(genesis, "mood"), Missing)


def _change_both(image: Image, ours: str, theirs: str) -> None:
    manager = transaction.TransactionManager(explicit=True)
    connection = image.database.open(manager)
    manager.begin()
    try:
        account = connection.root()["lobby"]["account"]
        setattr(account, ours, "ours")
        image.perform("theirs", lambda world: setattr(world.lobby["account"], theirs, "theirs"))
        manager.commit()
    except ConflictError:
        manager.abort()
        raise
    finally:
        connection.close()


def test_changes_of_different_slots_merge(image: Image) -> None:
    image.perform("make", lambda world: world.bind("account", world.store(UvmObject(a=0, b=0))))
    _change_both(image, "a", "b")
    assert image.read(lambda world: dict(world.lobby["account"]._slots)) == {"a": "ours", "b": "theirs"}


def test_changes_of_the_same_slot_conflict_and_the_first_stays(image: Image) -> None:
    image.perform("make", lambda world: world.bind("account", world.store(UvmObject(a=0, b=0))))
    with pytest.raises(ConflictError):
        _change_both(image, "a", "a")
    assert image.read(lambda world: dict(world.lobby["account"]._slots)) == {"a": "theirs", "b": 0}


State = dict[str, int]
STATES = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2))


@given(STATES, STATES, STATES)
def test_merging_keeps_both_changes_or_refuses(old: State, theirs: State, ours: State) -> None:
    def changed(state: State) -> dict[str, int | None]:
        absent = object()
        names = old.keys() | state.keys()
        return {n: state.get(n) for n in names if old.get(n, absent) != state.get(n, absent)}

    both = changed(theirs).keys() & changed(ours).keys()
    clash = any(theirs.get(name) != ours.get(name) for name in both)
    if clash:
        with pytest.raises(ConflictError):
            UvmObject()._p_resolveConflict(old, theirs, ours)
        return
    merged = UvmObject()._p_resolveConflict(old, theirs, ours)
    for name in old.keys() | theirs.keys() | ours.keys():
        source = ours if name in changed(ours) else theirs
        assert merged.get(name) == source.get(name)


@given(
    st.recursive(st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3), max_leaves=8)
)
def test_deepcopy_of_any_data_is_equal_and_separate(value: object) -> None:
    origin = UvmObject(value=value)
    assert copy.deepcopy(origin).value == value
