"""The command palette: every action of the keymap, whatever its key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial

from textual.app import SystemCommand
from textual.dom import DOMNode

from battui.tui.keys import KeyAction, key_actions

_MEANINGLESS_IN_A_PALETTE = ("move", "message", "inspector")


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
