"""Words that stand in angle brackets: `<item>` is the first form of a drawn word, `<item+>` its second."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Forms: TypeAlias = tuple[str, ...]
"""A word and its further forms, such as the plural."""

_PLACEHOLDER = re.compile(r"<([a-z][a-z0-9_]*)(\+?)>")


class NoSuchWord(LookupError):
    """A placeholder without a pool, or one for a second form that its word does not have."""


def placeholders(texts: Iterable[str]) -> set[str]:
    """The names that stand in angle brackets anywhere in `texts`."""
    return {match.group(1) for text in texts for match in _PLACEHOLDER.finditer(text)}


def filled(text: str, words: Mapping[str, Forms]) -> str:
    """`text` with every placeholder replaced by its drawn word; raises NoSuchWord."""

    def word(match: re.Match[str]) -> str:
        forms = words.get(match.group(1))
        if forms is None:
            raise NoSuchWord(f"{match.group()} has no pool of words")
        if len(forms) <= len(match.group(2)):
            raise NoSuchWord(f"{match.group()} asks for a second form, and {forms[0]!r} has only one")
        return forms[len(match.group(2))]

    return _PLACEHOLDER.sub(word, text)
