"""The keymap: which key starts which action, read from keys.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from textual.binding import Binding, BindingType

from battui.contracts.errors import UsageError


@dataclass(frozen=True, slots=True)
class KeyAction:
    """One action. `room` is where on the screen its keys work, `footer` says whether it is shown there."""

    room: str
    name: str
    keys: str
    action: str
    label: str
    help: str
    footer: bool = False
    priority: bool = False

    @property
    def id(self) -> str:
        """What a keymap calls this action."""
        return f"{self.room}.{self.name}"


@cache
def key_actions() -> tuple[KeyAction, ...]:
    """Return all actions in the order of the file."""
    rooms = tomllib.loads(Path(__file__).with_name("keys.toml").read_text(encoding="utf-8"))
    return tuple(
        KeyAction(room=room, name=name, **fields)
        for room, actions in rooms.items()
        for name, fields in actions.items()
    )


def bindings(*rooms: str) -> list[BindingType]:
    """Return Textual's bindings for the actions of `rooms`."""
    return [
        Binding(
            action.keys,
            action.action,
            action.label,
            show=action.footer,
            priority=action.priority,
            tooltip=action.help,
            id=action.id,
        )
        for action in key_actions()
        if action.room in rooms
    ]


def keys_of(action: str, keymap: Mapping[str, str]) -> str:
    """Return the keys of the action with that id, as a user's keymap has them or else as the file does."""
    return keymap.get(action) or next(known.keys for known in key_actions() if known.id == action)


def checked_keymap(keymap: Mapping[str, str]) -> dict[str, str]:
    """Return a user's keymap as it is, or raise UsageError for an action that does not exist."""
    known = {action.id for action in key_actions()}
    for action, keys in keymap.items():
        if action not in known:
            raise UsageError(
                "the keymap names an action that does not exist",
                about=action,
                remedy="Press ? for the actions, or leave the entry out.",
            )
        if not keys.strip():
            raise UsageError("the action has no key", about=action, remedy="Give it one, such as f5.")
    return dict(keymap)
