"""Values, times and sources as a person reads them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from difflib import unified_diff
from functools import lru_cache
from pprint import pformat

from textual.content import Content
from textual.highlight import highlight

from battui.contracts.values import Ref, Value

_DIFF_STYLES = {"+": "$text-success", "-": "$text-error", "@": "$muted"}
_CONTROLS = dict.fromkeys([*range(32), *range(127, 160)])


class _Shown:
    """Stands in a value for a reference and prints as one."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def pretty(value: Value, width: int = 72, shown: Callable[[Ref], str] = str) -> str:
    """Return `value` on as many lines as it needs; `shown` says what people call a reference."""
    return pformat(_printable(value, shown), width=width, sort_dicts=False)


def _printable(value: Value, shown: Callable[[Ref], str]) -> object:
    match value:
        case Ref():
            return _Shown(shown(value))
        case list():
            return [_printable(item, shown) for item in value]
        case dict():
            return {key: _printable(item, shown) for key, item in value.items()}
        case _:
            return value


def references(value: Value, label: str = "") -> Iterator[tuple[str, Ref]]:
    """Yield every reference in `value` with the way to it, such as `[0]` or `['owner']`."""
    match value:
        case Ref():
            yield label, value
        case list():
            for index, item in enumerate(value):
                yield from references(item, f"{label}[{index}]")
        case dict():
            for key, item in value.items():
                yield from references(item, f"{label}[{key!r}]")


@lru_cache(maxsize=256)
def python(source: str) -> Content:
    """Return `source` with its syntax highlighted; the screen asks for the same source ten times a second."""
    return highlight(source.rstrip("\n"), language="python").rstrip()


@lru_cache(maxsize=64)
def difference(before: str, after: str) -> Content:
    """Return what changes from one source to another, line by line."""
    lines = list(unified_diff(before.splitlines(), after.splitlines(), lineterm=""))
    # The first two lines name files, and there are none.
    return Content("\n").join(Content.styled(line, _DIFF_STYLES.get(line[:1], "")) for line in lines[2:])


def one_line(text: str) -> str:
    """Return `text` on one line."""
    return " ".join(text.split())


def harmless(text: str) -> str:
    """Return `text` without control characters: what a model wrote must not steer the terminal."""
    return text.translate(_CONTROLS)


def clock(at: float) -> str:
    """Return the local time of day."""
    return time.strftime("%H:%M:%S", time.localtime(at))


def date_and_clock(at: float) -> str:
    """Return the local date and time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def span(seconds: float) -> str:
    """Return a length of time in its largest unit: 4 s, 12 min, 3 h, 5 d."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"


def lasted(started_at: float, ended_at: float, now: float) -> str:
    """Return how long something took, or has been going on."""
    return span((ended_at or now) - started_at)
