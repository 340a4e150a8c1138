"""The words that generators and phrases draw from, kept as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


@cache
def pools() -> Mapping[str, tuple[str, ...]]:
    """The word pools by name."""
    return {name: tuple(words) for name, words in table("words.toml")["pools"].items()}


@cache
def table(file: str) -> dict[str, Any]:
    """A data file of this package."""
    return tomllib.loads((Path(__file__).parent / file).read_text(encoding="utf-8"))
