"""A snapshot to play on."""

from __future__ import annotations

import pytest
from play import Play


@pytest.fixture
def play() -> Play:
    """An empty snapshot."""
    return Play()
