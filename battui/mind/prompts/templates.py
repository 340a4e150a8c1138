"""Reads the prompt templates beside this file: TOML tables of texts with `$named` fields."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Template
from types import MappingProxyType


@cache
def template(file: str) -> Mapping[str, Template]:
    """Return the texts of `<file>.toml` by name. A text's first and last line break do not count."""
    path = files("battui.mind.prompts") / f"{file}.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType({name: Template(text.strip("\n")) for name, text in table.items()})
