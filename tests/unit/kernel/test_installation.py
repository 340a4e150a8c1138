"""Installing is the last door: whatever was judged before, the guardian looks at the source once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from battui.contracts.errors import GuardianRefused
from battui.guardian import certify, review
from battui.image.image import Image
from battui.image.objects import UvmObject
from battui.image.world import World
from battui.kernel.messages.installation import install
from battui.mind.cycle import Mandate, cycle_of, start_cycle
from battui.mind.steps import Installation

SOURCE = "def add_(self, amount):\n    self.total += amount\n    self._p_changed = True\n"
SOUND = Installation(
    "add_", ("amount",), SOURCE, "add amount to total", certify(review(SOURCE)), {"mission": "m1"}
)


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Image]:
    """An image with a counter that has a mission to learn `add_`."""
    with Image.open(str(tmp_path / "image")) as opened:
        with opened.unit_of_work("prepare") as world:
            counter = world.store(UvmObject({"parent*": world.root["genesis_obj"]}, total=0))
            world.bind("counter", counter)
            start_cycle(world, counter, Mandate("unhandled_message", "add_", ("amount",)), 0.0)
        yield opened


def installed(image: Image, installation: Installation) -> None:
    def work(world: World) -> None:
        install(world, cycle_of(world, "m1"), installation, 1.0)

    image.perform("install", work, mission="m1")


def test_a_sound_method_becomes_part_of_its_object(image: Image) -> None:
    installed(image, SOUND)

    assert image.read(lambda world: world.lobby["counter"].add_.source) == SOURCE


UNSOUND = {
    "it imports": replace(SOUND, source="def add_(self, amount):\n    import os\n"),
    "it does not signal, and is not repaired here": replace(
        SOUND, source="def add_(self, amount):\n    self.total += amount\n"
    ),
    "it does not parse": replace(SOUND, source="def add_(self"),
    "it is another source than the certified one": replace(
        SOUND, source="def add_(self, amount):\n    return amount\n"
    ),
    "it is another method": replace(SOUND, selector="subtract_"),
    "it takes something else": replace(SOUND, parameters=("sum",)),
}


@pytest.mark.parametrize("installation", UNSOUND.values(), ids=UNSOUND)
def test_what_the_guardian_refuses_is_not_installed(image: Image, installation: Installation) -> None:
    with pytest.raises(GuardianRefused, match="not installed"):
        installed(image, installation)

    left = image.read(lambda world: (sorted(world.lobby["counter"]._slots), cycle_of(world, "m1").installed))
    assert left == (["parent*", "total"], None)
