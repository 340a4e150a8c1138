"""Change sets of cells put into the image: whole, or not at all, and never over what they have not seen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from battui.contracts.activation import ChangeSet, NewObject, ObjectChange
from battui.contracts.errors import Conflict, Refused, UnknownObject
from battui.contracts.values import Ref
from battui.image.changes import apply_changes, stored_result
from battui.image.image import Done, Image, Undone
from battui.image.lookup import Found, find
from battui.image.objects import UvmObject, clone_of
from battui.image.primitive import Primitive
from battui.image.snapshot import object_state
from battui.image.world import World, oid_of

Job = tuple[str, Callable[[World], Any]]


@pytest.fixture
def account(image: Image) -> int:
    """The oid of an object that is bound to `account`."""

    def make(world: World) -> int:
        account = world.store(clone_of(world.root["genesis_obj"], {"balance": 100, "rows": [1]}))
        account.greet = Primitive("greet")
        world.bind("account", account)
        return oid_of(account)

    return image.perform("make", make)


def slots(image: Image, name: str = "account") -> dict[str, Any]:
    return image.read(lambda world: dict(world.lobby[name]._slots))


def serial(image: Image, oid: int) -> bytes:
    return image.read(lambda world: object_state(world.object_at(oid)).serial)


def change_of(image: Image, oid: int, *removed: str, **put: Any) -> ChangeSet:
    """A change set that was made from what stands there now."""
    return ChangeSet((ObjectChange(oid, serial(image, oid), put, removed),))


def applying(changes: ChangeSet) -> Callable[[World], Any]:
    return lambda world: apply_changes(world, changes)


def test_slots_are_put_and_removed_in_one_transaction(image: Image, account: int) -> None:
    changes = change_of(image, account, "rows", balance=150, owner="Ada")
    image.perform("apply", applying(changes))
    after = slots(image)
    assert (after["balance"], after["owner"], "rows" in after) == (150, "Ada", False)


def test_objects_that_refer_to_each_other_are_made_together(image: Image, account: int) -> None:
    changes = ChangeSet(
        (ObjectChange(account, serial(image, account), {"friends": [Ref(-1), {"first": Ref(-2)}]}),),
        (
            NewObject(-1, {"friend": Ref(-2)}, {"parent*": (Ref(account),)}),
            NewObject(-2, {"friend": Ref(-1), "owner": Ref(account)}),
        ),
    )
    image.perform("apply", applying(changes))

    def look(world: World) -> None:
        one, others = world.lobby["account"].friends
        assert one.friend is others["first"]
        assert one.friend.friend is one
        assert one.friend.owner is world.lobby["account"]
        assert one.balance == 100, "by its parent"

    image.read(look)


def test_a_clone_shares_behaviour_and_brings_its_own_data(image: Image, account: int) -> None:
    changes = ChangeSet(created=(NewObject(-1, {"balance": 1}, {}, cloned_from=account),))

    def apply(world: World) -> None:
        created = apply_changes(world, changes)
        world.bind("twin", stored_result(world, {"made": [Ref(-1), Ref(account)]}, created)["made"][0])

    image.perform("apply", apply)
    assert slots(image, "twin") == {"balance": 1, "greet": Primitive("greet")}


def test_a_method_may_not_change_what_was_changed_since_it_read(image: Image, account: int) -> None:
    changes = change_of(image, account, balance=101)
    image.perform("others", lambda world: setattr(world.lobby["account"], "balance", 7))
    with pytest.raises(Conflict, match="changed since it was read"):
        image.perform("apply", applying(changes))
    assert slots(image)["balance"] == 7


def write(world: World) -> None:
    world.lobby["account"].balance = 7


def remove(world: World) -> None:
    del world.lobby["account"].rows


def signal(world: World) -> None:
    world.lobby["account"].rows.append(2)
    world.lobby["account"]._p_changed = True


EARLIER = {"a write": write, "a removal": remove, "a signalled change": signal}


@pytest.mark.parametrize("earlier", EARLIER.values(), ids=EARLIER)
def test_a_change_set_is_not_put_over_an_earlier_message_of_its_group(
    image: Image, account: int, earlier: Callable[[World], None]
) -> None:
    changes = change_of(image, account, balance=101)
    first, second = image.perform_group([("earlier", earlier), ("apply", applying(changes))])
    assert isinstance(first, Done)
    assert isinstance(second, Undone)
    assert isinstance(second.error, Conflict)
    assert slots(image)["balance"] != 101


def test_of_two_change_sets_in_one_group_only_the_first_is_applied(image: Image, account: int) -> None:
    """Both read 100 and add 1: were both applied, one deposit would be lost."""
    jobs: list[Job] = [("apply", applying(change_of(image, account, balance=101))) for _ in range(2)]
    first, second = image.perform_group(jobs)
    assert isinstance(first, Done)
    assert isinstance(second, Undone)
    assert isinstance(second.error, Conflict)
    again = image.perform_group([("apply", applying(change_of(image, account, balance=102)))])
    assert isinstance(again[0], Done)
    assert slots(image)["balance"] == 102


def test_a_message_that_only_read_is_in_nobodys_way(image: Image, account: int) -> None:
    jobs: list[Job] = [
        ("read", lambda world: world.lobby["account"].balance),
        ("apply", applying(change_of(image, account, balance=101))),
    ]
    assert [type(result) for result in image.perform_group(jobs)] == [Done, Done]


def test_what_a_refused_message_had_changed_is_in_nobodys_way(image: Image, account: int) -> None:
    def refused(world: World) -> None:
        write(world)
        raise Refused("no")

    jobs: list[Job] = [("no", refused), ("apply", applying(change_of(image, account, balance=101)))]
    assert [type(result) for result in image.perform_group(jobs)] == [Undone, Done]
    assert slots(image)["balance"] == 101


def test_a_refused_message_does_not_hide_what_was_changed_before_it(image: Image, account: int) -> None:
    def refused(world: World) -> None:
        raise Refused("no")

    changes = change_of(image, account, balance=101)
    jobs: list[Job] = [("write", write), ("no", refused), ("apply", applying(changes))]
    assert [type(result) for result in image.perform_group(jobs)] == [Done, Undone, Undone]
    assert slots(image)["balance"] == 7


def test_a_new_unit_of_work_begins_with_nothing_changed(image: Image, account: int) -> None:
    for balance in (101, 102, 103):
        image.perform("apply", applying(change_of(image, account, balance=balance)))
    assert slots(image)["balance"] == 103


def test_a_change_set_that_conflicts_leaves_no_part_of_itself(image: Image, account: int) -> None:
    stale = ObjectChange(account, b"\0" * 8, {"balance": 0})
    other = image.perform("make", lambda world: oid_of(world.store(UvmObject(kept=1))))
    changes = ChangeSet((ObjectChange(other, serial(image, other), {"kept": 2}), stale), (NewObject(-1),))
    with pytest.raises(Conflict):
        image.perform("apply", applying(changes))
    assert image.read(lambda world: world.object_at(other).kept) == 1


def test_a_change_of_what_is_not_there_is_refused(image: Image) -> None:
    with pytest.raises(UnknownObject):
        image.perform("apply", applying(ChangeSet((ObjectChange(0xDEAD, b"\0" * 8, {"a": 1}),))))


def test_a_fault_in_one_message_takes_no_other_with_it(image: Image, account: int) -> None:
    jobs: list[Job] = [
        ("one", partial(setattr_at, "a")),
        ("fault", lambda world: 1 // 0),
        ("two", partial(setattr_at, "b")),
    ]
    one, fault, two = image.perform_group(jobs)
    assert (type(one), type(two)) == (Done, Done)
    assert isinstance(fault, Undone)
    assert isinstance(fault.error, ZeroDivisionError)
    assert {"a", "b"} <= slots(image).keys()


def setattr_at(name: str, world: World) -> None:
    setattr(world.lobby["account"], name, 1)


def test_a_group_that_meets_a_conflict_is_done_one_by_one(image: Image, account: int) -> None:
    turns: list[str] = []

    def contested(world: World) -> None:
        turns.append("contested")
        world.lobby["account"].balance += 1
        if turns == ["contested"]:
            # Somebody else is first, once.
            image.perform("others", write)

    jobs: list[Job] = [
        ("contested", contested),
        ("fault", lambda world: 1 // 0),
        ("a", partial(setattr_at, "a")),
    ]
    results = image.perform_group(jobs)
    assert [type(result) for result in results] == [Done, Undone, Done]
    assert turns == ["contested", "contested"]
    assert (slots(image)["balance"], slots(image)["a"]) == (8, 1)


def test_behaviour_that_came_with_a_clone_is_found(image: Image, account: int) -> None:
    changes = ChangeSet(created=(NewObject(-1, {}, {"parent*": (Ref(account),)}, cloned_from=account),))

    def apply(world: World) -> None:
        twin = apply_changes(world, changes)[-1]
        assert find(twin, "greet") == Found(twin, Primitive("greet"))
        assert find(twin, "balance") == Found(world.lobby["account"], 100)

    image.perform("apply", apply)
