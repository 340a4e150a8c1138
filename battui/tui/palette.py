"""The command palette: every action of the keymap, whatever its key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import TypeVar

from textual.app import SystemCommand
from textual.dom import DOMNode

from battui.contracts.commands import Path
from battui.contracts.replies import ObjectSummary
from battui.tui.keys import KeyAction, key_actions
from battui.tui.mission_book import MissionPage

T = TypeVar("T")
_MEANINGLESS_IN_A_PALETTE = ("move", "message", "editor", "uses")
MOST_FOUND = 1_000
"""Objects and missions that the palette offers; beyond that, finding them is the panes' own business."""


def palette_commands(
    keymap: Mapping[str, str],
    rooms: Mapping[str, DOMNode],
    perform: Callable[[KeyAction, DOMNode | None], Awaitable[None]],
    key_names: Callable[[str], str],
) -> Iterator[SystemCommand]:
    """Yield a command for each action; `rooms` are the panes in which actions are performed."""
    for action in key_actions():
        if action.room not in _MEANINGLESS_IN_A_PALETTE and action.name != "palette":
            keys = keymap.get(action.id, action.keys)
            yield SystemCommand(
                action.label,
                f"{action.help} ({key_names(keys)})",
                partial(perform, action, rooms.get(action.room)),
            )


def object_commands(
    objects: Iterable[ObjectSummary], go: Callable[[Path], object]
) -> Iterator[SystemCommand]:
    """Yield a command for each object that has a name."""
    for known in islice(objects, MOST_FOUND):
        yield SystemCommand(known.name, "Show this object", partial(_call, go, Path((), known.oid)), False)


def mission_commands(missions: Iterable[MissionPage], go: Callable[[str], object]) -> Iterator[SystemCommand]:
    """Yield a command for each mission."""
    for page in islice(missions, MOST_FOUND):
        view = page.view
        help_text = f"Show this mission ({view.state.lower()})"
        yield SystemCommand(f"{view.id} {view.title}", help_text, partial(_call, go, view.id), False)


def _call(go: Callable[[T], object], target: T) -> None:
    go(target)
