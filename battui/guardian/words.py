"""What the covenant knows about Python's types and functions; read from `words.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

Words = dict[str, dict[str, frozenset[str]]]


@cache
def words() -> Words:
    """The word lists, by table and name."""
    return read_words("words.toml")


def read_words(name: str) -> Words:
    """The tables of lists of words in a data file of this package."""
    table = tomllib.loads((files("battui.guardian") / name).read_text(encoding="utf-8"))
    return {
        section: {key: frozenset(value) for key, value in entries.items()}
        for section, entries in table.items()
    }
