from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from battui.image.image import Image
from battui.image.objects import UvmObject, clone_of
from battui.image.world import World


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Image]:
    """A new image on disk."""
    with Image.open(str(tmp_path / "image")) as opened:
        yield opened


@pytest.fixture
def world(image: Image) -> Iterator[World]:
    """A unit of work in a new image."""
    with image.unit_of_work("test") as world:
        yield world


@pytest.fixture
def account(world: World) -> UvmObject:
    """An object with 100 in its balance, bound to `account`."""
    account = world.store(clone_of(world.root["genesis_obj"], {"balance": 100}))
    world.bind("account", account)
    return account
