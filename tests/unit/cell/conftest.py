"""A snapshot to play on."""

from __future__ import annotations

import pytest

from tests.unit.cell.play import Play


@pytest.fixture
def play() -> Play:
    """An empty snapshot."""
    return Play()
