"""Colour themes, read from TOML files: those that come with battui and a user's own."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from textual.color import Color, ColorParseError
from textual.theme import Theme

from battui.contracts.errors import UsageError

_FIELDS = {field.name for field in fields(Theme)}
_COLOURS = _FIELDS - {"name", "dark", "luminosity_spread", "text_alpha", "variables", "ansi"}


def load_theme(path: Path) -> Theme:
    """Return the theme that the file describes; its name is the file's unless it gives another.

    Raises UsageError that names the file and what to change.
    """
    try:
        described = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"the theme cannot be read: {error}", about=str(path)) from None
    if unknown := sorted(set(described) - _FIELDS):
        raise UsageError(
            f"a theme has no {unknown[0]!r}",
            about=str(path),
            remedy=f"Known are {', '.join(sorted(_FIELDS))}.",
        )
    if "primary" not in described:
        raise UsageError(
            "the theme has no primary colour", about=str(path), remedy="Add primary = '#4c9be8'."
        )
    for name in sorted(_COLOURS & set(described)):
        _check_colour(path, name, described[name])
    return Theme(**{"name": path.stem, **described})


def _check_colour(path: Path, name: str, colour: object) -> None:
    try:
        Color.parse(str(colour))
    except ColorParseError:
        raise UsageError(
            f"{colour!r} is no colour for {name}", about=str(path), remedy="Write it like '#4c9be8'."
        ) from None


def load_themes(folders: Iterable[Path]) -> tuple[list[Theme], list[UsageError]]:
    """Return the themes of all folders, later ones replacing earlier ones of their name, and what was wrong."""
    themes: dict[str, Theme] = {}
    errors: list[UsageError] = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            try:
                theme = load_theme(path)
            except UsageError as error:
                errors.append(error)
            else:
                themes[theme.name] = theme
    return list(themes.values()), errors
