"""What the log shows: a least level, and words of which some name a mission, an object or a kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, get_args

from battui.contracts.events import Level

LEVELS: tuple[Level, ...] = get_args(Level)


class Line(Protocol):
    """What a filter looks at."""

    @property
    def level(self) -> Level: ...

    @property
    def kind(self) -> str: ...

    @property
    def mission(self) -> str: ...

    @property
    def about(self) -> str: ...


_FIELDS = {"mission": "mission", "object": "about", "kind": "kind"}


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Lets an event through that has the level, equals in every field, and contains every word."""

    least: int = 1
    fields: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()

    def lets(self, line: Line, text: str) -> bool:
        """Whether the line, which reads `text`, is shown."""
        if LEVELS.index(line.level) < self.least:
            return False
        if any(not _has(str(getattr(line, name)), value) for name, value in self.fields):
            return False
        folded = text.casefold() if self.words else ""
        return all(word in folded for word in self.words)


def parsed(text: str, least: int) -> LogFilter:
    """Return the filter for what was written, such as `mission:m3 object:account stopped`."""
    fields, words = [], []
    for word in text.casefold().split():
        name, colon, value = word.partition(":")
        if colon and name in _FIELDS:
            fields.append((_FIELDS[name], value))
        else:
            words.append(word)
    return LogFilter(least, tuple(fields), tuple(words))


def _has(field: str, value: str) -> bool:
    # While a name is being written everything that begins with it is shown; m1 is a whole number, though.
    folded = field.casefold()
    return folded == value or (not value[-1:].isdigit() and folded.startswith(value))
