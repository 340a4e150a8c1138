"""A lobby of a hundred thousand objects: a page of it costs about what a page of a small one costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from battui.contracts.commands import ListObjects
from battui.contracts.commands import Path as ObjectPath
from battui.contracts.replies import ObjectList
from battui.image.image import Image
from battui.image.objects import UvmObject, clone_of
from battui.image.world import World
from battui.kernel.commands.reading import object_list, object_view

PAGE = 200
MOST_SLOWER = 10.0
"""How many times slower the first page may come; about the same is usual."""


def fill(image: Image, count: int) -> None:
    def some(first: int) -> Callable[[World], None]:
        def bind(world: World) -> None:
            for number in range(first, min(first + 10_000, count)):
                origin = world.root["genesis_obj"]
                world.bind(f"thing_{number:06}", clone_of(origin, {"number": number}))

        return bind

    for first in range(0, count, 10_000):
        image.perform("fill", some(first))


def pages(image: Image, listing: ListObjects) -> tuple[float, ObjectList]:
    """Seconds of the quickest of three readings, and what was read."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        listed = image.read(lambda world: object_list(world, listing))
        taken.append(time.perf_counter() - began)
    return min(taken), listed


def test_pages_follow_one_another_and_words_are_found_on_all_of_them(tmp_path: Path) -> None:
    with Image.open(str(tmp_path / "image")) as image:
        fill(image, 450)
        names: list[str] = []
        start = ""
        while True:
            _, listed = pages(image, ListObjects(PAGE, start))
            assert any(known.system for known in listed.objects) is not bool(start)
            names += [known.name for known in listed.objects if not known.system]
            if not (start := listed.next):
                break
        assert names == [f"thing_{number:06}" for number in range(450)]
        _, found = pages(image, ListObjects(PAGE, matching="THING_00044"))
        assert [known.name for known in found.objects] == [f"thing_{number:06}" for number in range(440, 450)]
        (last,) = pages(image, ListObjects(1, "thing_000449"))[1].objects
        (by_number,) = pages(image, ListObjects(PAGE, matching=f"@{last.oid:x}"))[1].objects
        assert by_number == last
        everything = pages(image, ListObjects())[1].objects
        assert len(everything) == 450 + sum(known.system for known in everything)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_page_of_a_hundred_thousand_objects_costs_what_a_page_of_a_few_costs(tmp_path: Path) -> None:
    with Image.open(str(tmp_path / "small")) as image:
        fill(image, PAGE + 1)
        few, _ = pages(image, ListObjects(PAGE))
    with Image.open(str(tmp_path / "large")) as image:
        fill(image, 100_000)
    with Image.open(str(tmp_path / "large")) as image:
        many, listed = pages(image, ListObjects(PAGE))
        late, _ = pages(image, ListObjects(PAGE, "thing_090000"))
        none, _ = pages(image, ListObjects(PAGE, matching="nobody"))
    told = f"{many / few:.1f} and {late / few:.1f} times a small lobby's page; a vain search {none:.2f} s"
    assert listed.next == f"thing_{PAGE:06}"
    assert max(many, late) < MOST_SLOWER * few, told


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_object_and_the_count_among_a_hundred_thousand_cost_what_they_cost_among_a_hundred(
    tmp_path: Path,
) -> None:
    def seconds(image: Image, work: Callable[[World], object]) -> float:
        """Of the quickest of twenty readings, after one that learns the lobby's names."""
        image.read(work)
        taken = []
        for _ in range(20):
            began = time.perf_counter()
            image.read(work)
            taken.append(time.perf_counter() - began)
        return min(taken)

    def view(world: World) -> object:
        # What has a name is found by it, and what has none is known to have none.
        shown = object_view(world, ObjectPath(("thing_000099",)))
        assert shown.name == "thing_000099"
        unnamed = world.lobby["thing_000099"].friend
        assert world.name_of(unnamed) == repr(unnamed)
        return shown

    taken: dict[int, tuple[float, float]] = {}
    for count in (100, 100_000):
        folder = str(tmp_path / str(count))
        with Image.open(folder) as image:
            fill(image, count)
            image.perform("befriend", lambda world: befriend(world.lobby["thing_000099"]))
        with Image.open(folder) as image:
            assert image.read(lambda world: world.size) == count
            taken[count] = (seconds(image, view), seconds(image, lambda world: world.size))
    ratios = [many / few for few, many in zip(*taken.values(), strict=True)]
    assert max(ratios) < MOST_SLOWER, ratios


def befriend(thing: UvmObject) -> None:
    thing.friend = clone_of(thing)
