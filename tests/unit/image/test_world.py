"""Paths, names and references as one connection resolves them; objects as they travel to cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from BTrees.OOBTree import OOBTree

from battui.contracts.commands import Named, Path
from battui.contracts.errors import (
    BattuiError,
    MissingParent,
    NotASelector,
    NotStorable,
    UnknownObject,
    UnknownSlot,
)
from battui.contracts.review import Certificate
from battui.contracts.values import Ref
from battui.image.image import Image
from battui.image.method import Method
from battui.image.objects import UvmObject, clone_of
from battui.image.primitive import Primitive
from battui.image.snapshot import Snapshot, object_state
from battui.image.world import World, is_system_object, oid_of, wire


def method() -> Method:
    return Method(
        "def m(self, a):\n    return a\n", "m", ("a",), certificate=Certificate("1", "0", ()), provenance={}
    )


@pytest.fixture
def world(image: Image) -> Iterator[World]:
    """A unit of work with an account, its owner and a plain value."""
    with image.unit_of_work("test") as world:
        owner = world.store(UvmObject(name="Ada"))
        account = world.store(clone_of(world.root["genesis_obj"], {"balance": 100, "owner": owner}))
        world.bind("account", account)
        world.bind("number", 3)
        yield world


FOUND: dict[str, tuple[Path, Callable[[World], Any]]] = {
    "a name of the lobby": (Path(("account",)), lambda world: world.lobby["account"]),
    "a slot": (Path(("account", "balance")), lambda world: 100),
    "a slot of a slot": (Path(("account", "owner", "name")), lambda world: "Ada"),
    "a slot of a parent": (Path(("account", "model_id")), lambda world: ""),
    "battui's own behaviour": (
        Path(("account", "clone")),
        lambda world: Primitive("clone", open_ended=True),
    ),
    "an object of the image": (Path(("genesis_obj",)), lambda world: world.root["genesis_obj"]),
    "a plain value": (Path(("number",)), lambda world: 3),
}


@pytest.mark.parametrize("case", FOUND)
def test_a_path_leads_to_what_stands_there(world: World, case: str) -> None:
    path, expected = FOUND[case]
    assert world.resolve(path) == expected(world)


def test_a_path_may_begin_at_an_oid(world: World) -> None:
    owner = world.lobby["account"].owner
    assert world.resolve(Path((), oid_of(owner))) is owner
    assert world.resolve(Path(("name",), oid_of(owner))) == "Ada"


NOT_FOUND: dict[str, tuple[Path, type[BattuiError], str]] = {
    "no such name": (Path(("nobody",)), UnknownObject, "nobody = genesis_obj.clone"),
    "a mistyped name": (Path(("acount", "balance")), UnknownObject, "Did you mean account?"),
    "a mistyped name of battui's own": (Path(("genesis_ob",)), UnknownObject, "Did you mean genesis_obj?"),
    "a name in capitals": (Path(("Account",)), UnknownObject, "Did you mean account?"),
    "a tree of the root": (Path(("active_cycles",)), UnknownObject, "active_cycles"),
    "the lobby itself": (Path(("lobby",)), UnknownObject, "lobby"),
    "no such slot": (Path(("account", "colour")), UnknownSlot, "balance, owner, parent"),
    "a function of Python's": (Path(("account", "parents")), UnknownSlot, "parents"),
    "ZODB's own": (Path(("account", "_p_oid")), UnknownSlot, "_p_oid"),
    "a dunder": (Path(("account", "__class__")), UnknownSlot, "__class__"),
    "a slot of a value": (Path(("account", "balance", "real")), UnknownSlot, "account.balance"),
    "no such oid": (Path((), 0xDEAD), UnknownObject, "@dead"),
    "the root's oid": (Path((), 0), UnknownObject, "@0"),
    "an oid out of range": (Path((), 1 << 64), UnknownObject, "no object"),
    "a negative oid": (Path((), -1), UnknownObject, "no object"),
}


@pytest.mark.parametrize("case", NOT_FOUND)
def test_a_path_that_leads_nowhere_says_what_there_is(world: World, case: str) -> None:
    path, error, hint = NOT_FOUND[case]
    with pytest.raises(error) as raised:
        world.resolve(path)
    assert hint in str(raised.value)


def test_a_broken_chain_is_told_apart_from_a_slot_that_is_not_there(world: World) -> None:
    setattr(world.lobby["account"], "parent*", 3)
    assert world.resolve(Path(("account", "balance"))) == 100
    with pytest.raises(MissingParent):
        world.resolve(Path(("account", "colour")))


def test_only_objects_receive_messages(world: World) -> None:
    assert world.receiver(Path(("account",))) is world.lobby["account"]
    with pytest.raises(UnknownObject, match=r"account\.balance: this is a value.*that has it: account$"):
        world.receiver(Path(("account", "balance")))


@pytest.mark.parametrize(
    "name", ["genesis_obj", "traits_obj", "lobby", "missions", "active_cycles", "format"]
)
def test_battuis_own_names_are_not_to_be_had(world: World, name: str) -> None:
    with pytest.raises(UnknownObject, match="belongs to battui"):
        world.bind(name, 1)
    assert name not in world.lobby


@pytest.mark.parametrize("name", ["", "_hidden", "class", "9lives", "a.b", "x" * 81])
def test_what_is_no_name_is_not_bound(world: World, name: str) -> None:
    with pytest.raises(NotASelector):
        world.bind(name, 1)


def test_an_object_is_called_by_its_name_else_by_its_oid(world: World) -> None:
    account = world.lobby["account"]
    assert world.name_of(account) == "account"
    assert world.name_of(world.root["traits_obj"]) == "traits_obj"
    assert world.name_of(account.owner) == f"@{oid_of(account.owner):x}"


def test_the_images_own_objects_are_known(world: World) -> None:
    assert is_system_object(world.root["traits_obj"])
    assert not is_system_object(world.lobby["account"])
    assert not is_system_object(UvmObject())


def test_an_argument_becomes_what_a_slot_can_hold(world: World) -> None:
    account = world.lobby["account"]
    reference = Ref(oid_of(account.owner))
    given = {"of": [Named(Path(("account",))), reference], "n": Named(Path(("number",))), "t": (1, 2)}
    stored = world.stored(given)
    assert stored["of"][0] is account
    assert stored["of"][1] is account.owner
    assert (stored["n"], stored["t"]) == (3, [1, 2])


def test_what_is_stored_shares_nothing_with_what_was_read(world: World) -> None:
    world.bind("rows", [[1]])
    stored = world.stored(Named(Path(("rows",))))
    stored[0].append(2)
    assert world.lobby["rows"] == [[1]]


def nested(depth: int, value: object = 1) -> object:
    for _ in range(depth):
        value = [value]
    return value


UNSTORABLE = [
    object(),
    {1: 2},
    [{1: 2}],
    float("nan"),
    b"bytes",
    method(),
    OOBTree(),
    nested(33),
    nested(5000),
]


@pytest.mark.parametrize("value", UNSTORABLE, ids=lambda value: type(value).__name__)
def test_what_no_slot_can_hold_is_refused(world: World, value: object) -> None:
    with pytest.raises(NotStorable, match=r"account\.owner"):
        world.stored(value, about="account.owner")


def test_values_travel_with_references_for_objects(world: World) -> None:
    account = world.lobby["account"]
    assert wire({"a": [account, (1, None)]}) == {"a": [Ref(oid_of(account)), [1, None]]}


@pytest.mark.parametrize("value", [method(), OOBTree(), UvmObject(), [UvmObject()]])
def test_what_cannot_travel_is_refused(value: object) -> None:
    with pytest.raises(NotStorable):
        wire(value)


def test_an_objects_own_slots_are_sorted_by_what_they_are(world: World) -> None:
    account = world.lobby["account"]
    setattr(account, "state*", account.owner)
    account.m, account.tree, account.own = method(), OOBTree(), Primitive("own")
    state = object_state(account)
    assert state.slots == {"balance": 100, "owner": Ref(oid_of(account.owner))}, "a tree stays at home"
    assert state.parents["state*"] == (Ref(oid_of(account.owner)),)
    assert [Ref(oid_of(parent)) for parent in getattr(account, "parent*")] == list(state.parents["parent*"])
    assert state.methods["m"].parameters == ("a",)
    assert state.primitives == {"own"}


async def test_a_snapshot_shows_one_moment(image: Image) -> None:
    oid = image.perform("make", lambda world: _bound(world, UvmObject(balance=1)))
    with Snapshot(image) as before:
        image.perform("change", lambda world: setattr(world.lobby["account"], "balance", 2))
        new = image.perform("new", lambda world: oid_of(world.store(UvmObject())))
        with Snapshot(image) as after:
            seen = [await snapshot.load(oid) for snapshot in (before, after)]
            assert await before.load(new) is None
    assert [state.slots["balance"] for state in seen if state] == [1, 2]
    first, second = seen
    assert first is not None
    assert second is not None
    assert first.serial < second.serial


async def test_what_is_written_into_a_snapshot_is_gone(image: Image) -> None:
    oid = image.perform("make", lambda world: _bound(world, UvmObject(balance=1)))
    with Snapshot(image) as snapshot:
        snapshot.world.object_at(oid).balance = 99
    assert image.read(lambda world: world.object_at(oid).balance) == 1


@pytest.mark.parametrize("oid", [0, -1, 1 << 64, 0xDEAD])
async def test_a_snapshot_has_no_object_where_there_is_none(image: Image, oid: int) -> None:
    with Snapshot(image) as snapshot:
        assert await snapshot.load(oid) is None


def _bound(world: World, target: UvmObject) -> int:
    world.bind("account", world.store(target))
    return oid_of(target)
