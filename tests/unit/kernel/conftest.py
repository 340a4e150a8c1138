from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from battui.image.image import Image
from battui.image.objects import clone_of
from battui.image.world import World


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Image]:
    """A new image on disk, with an account."""

    def make(world: World) -> None:
        world.bind("account", world.store(clone_of(world.root["genesis_obj"], {"balance": 100})))

    with Image.open(str(tmp_path / "image")) as opened:
        opened.perform("make", make)
        yield opened
