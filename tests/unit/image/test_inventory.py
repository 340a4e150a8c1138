"""Learned methods are found wherever they stand, each once, however large the image."""

from __future__ import annotations

import tracemalloc

from BTrees.OOBTree import OOBTree
from persistent.list import PersistentList

from battui.contracts.review import Certificate
from battui.image.image import Image
from battui.image.inventory import learned_methods
from battui.image.method import Method
from battui.image.objects import UvmObject, clone_of
from battui.image.world import World


def method(selector: str) -> Method:
    source = f"def {selector}(self):\n    return 1\n"
    return Method(source, selector, (), certificate=Certificate("1", "0", ()), provenance={})


def found(image: Image) -> list[tuple[str, str]]:
    return image.read(lambda world: [(name, slot) for name, slot, _ in learned_methods(world)])


def test_a_new_image_has_learned_nothing(image: Image) -> None:
    assert found(image) == []


def test_methods_are_found_in_every_place_that_leads_to_an_object(image: Image) -> None:
    def make(world: World) -> None:
        parent = UvmObject(in_parent=method("in_parent"))
        friend = UvmObject(in_slot=method("in_slot"))
        nested = UvmObject(in_nest=method("in_nest"))
        account = UvmObject({"parent*": [parent]}, friend=friend, notes=[1, {"deep": [nested]}])
        account.shelf = OOBTree({"a": PersistentList([UvmObject(in_tree=method("in_tree"))])})
        account.own = method("own")
        friend.back = account
        world.bind("account", world.store(account))
        world.bind("many", [UvmObject(in_list=method("in_list"))])
        world.root["alfred_prototype_obj"].reflect = method("reflect")
        world.missions[1] = UvmObject(in_mission=method("in_mission"))

    image.perform("make", make)

    places = {slot: name for name, slot in found(image)}
    assert set(places) == {
        *("own", "in_parent", "in_slot", "in_nest", "in_tree", "in_list", "in_mission", "reflect")
    }
    assert (places["own"], places["reflect"]) == ("account", "alfred_prototype_obj")
    assert all(places[slot].startswith("@") for slot in ("in_parent", "in_slot", "in_list", "in_mission"))


def test_what_clones_share_is_told_once_and_of_the_one_with_a_name(image: Image) -> None:
    def make(world: World) -> None:
        account = UvmObject(deposit_=method("deposit_"))
        world.bind("account", world.store(account))
        world.bind("twin", world.store(clone_of(account)))
        world.missions[1] = UvmObject(installed=account.deposit_, target=account)

    image.perform("make", make)

    assert found(image) == [("account", "deposit_")]


def test_tens_of_thousands_of_objects_one_behind_the_other(image: Image) -> None:
    length = 30_000

    def make(world: World) -> None:
        # Stored piece by piece: to pickle them as one chain is what would need recursion.
        last = world.store(UvmObject(last=method("last")))
        for _ in range(length):
            last = world.store(UvmObject(next=last, text="x" * 500))
        world.bind("first", last)

    image.perform("make", make)
    tracemalloc.start()
    try:
        assert [slot for _, slot in found(image)] == ["last"]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < length * 400, "objects that were looked at are let go"
