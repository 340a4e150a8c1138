from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from battui.image.image import Image


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Image]:
    """A new image on disk, after genesis."""
    with Image.open(str(tmp_path / "image")) as opened:
        yield opened
