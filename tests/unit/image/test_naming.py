"""What objects are called, and how many names there are, whatever is bound, undone and brought back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from battui.contracts.errors import (
    NotStorable,
)
from battui.image.history import list_history, take_back
from battui.image.image import Image
from battui.image.objects import clone_of
from battui.image.world import World, oid_of


def test_a_name_is_known_once_it_is_bound_and_no_longer_than_that(image: Image) -> None:
    def called(oid: int) -> str:
        return image.read(lambda world: world.name_of(world.object_at(oid)))

    def make(world: World) -> int:
        one = world.store(clone_of(world.root["genesis_obj"]))
        world.bind("zoe", one)
        return oid_of(one)

    with image.unit_of_work("first") as world:
        world.bind("adam", world.store(clone_of(world.root["genesis_obj"])))
    oid = image.perform("make", make)
    assert called(oid) == "zoe"
    image.perform("again", lambda world: world.bind("bea", world.object_at(oid)))
    assert called(oid) == "bea", "the first in order"
    image.perform("anew", lambda world: world.bind("bea", 3))
    assert called(oid) == "zoe"

    def refused(world: World) -> None:
        world.bind("anna", world.object_at(oid))
        assert world.name_of(world.object_at(oid)) == "anna"
        raise NotStorable("no")

    with pytest.raises(NotStorable):
        image.perform("refused", refused)
    assert called(oid) == "zoe"


def test_names_and_their_number_follow_what_is_taken_back_and_brought_back(image: Image) -> None:
    def bind(name: str) -> Callable[[World], None]:
        return lambda world: world.bind(name, world.store(clone_of(world.root["genesis_obj"])))

    def newest() -> str:
        return list_history(image)[0].transaction

    for name in ("one", "two"):
        image.perform(name, bind(name))
    two = newest()
    oid = image.read(lambda world: oid_of(world.lobby["two"]))
    image.perform("three", bind("three"))
    take_back(image, two, "undo")
    assert image.read(lambda world: (world.size, list(world.lobby))) == (2, ["one", "three"])
    undone = newest()
    location = image.location
    image.close()
    with Image.open(location) as later:
        assert later.read(lambda world: world.name_of(world.lobby["one"])) == "one"
        take_back(later, undone, "redo")
        assert later.read(lambda world: world.name_of(world.object_at(oid))) == "two"
        assert later.read(lambda world: world.size) == 3


def test_an_image_without_a_count_is_counted_when_it_is_opened(image: Image) -> None:
    def unlearn(world: World) -> None:
        del world.root["lobby_size"]
        for name in ("a", "b"):
            world.bind(name, 1)

    image.perform("old", unlearn)
    old = list_history(image)[0].transaction
    assert image.read(lambda world: world.size) == 2
    location = image.location
    image.close()
    with Image.open(location) as later:
        later.perform("bind", lambda world: world.bind("c", 1))
        later.perform("bind", lambda world: world.bind("c", 2))
        assert later.read(lambda world: (world.size, world.root["lobby_size"]())) == (3, 3)
        assert list_history(later)[-1].transaction != old
