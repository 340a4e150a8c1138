"""All keys, as they are now, and the grammar of the message line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from battui.tui.keys import KeyAction, key_actions
from battui.tui.screens.texts import text

_ROOMS = {
    "app": "Everywhere",
    "move": "Moving",
    "inspector": "In an object",
    "missions": "Missions",
    "log": "Log",
    "history": "History",
    "message": "In the message line",
}


class HelpScreen(ModalScreen[None]):
    """Made from the bindings, so that it is never wrong about them."""

    BINDINGS = [("escape,question_mark,q", "dismiss", "Close")]  # noqa: RUF012  # Textual's interface

    def __init__(self, keymap: Mapping[str, str], key_names: Callable[[str], str]) -> None:
        super().__init__()
        self._keymap = keymap
        self._key_names = key_names

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Static(Content("\n\n").join([Content.from_markup(text("grammar")), self._keys()]))

    def on_mount(self) -> None:
        self.query_one("#help").focus()

    def _keys(self) -> Content:
        return Content("\n\n").join(
            self._room(room, list(actions))
            for room, actions in groupby(key_actions(), key=lambda action: action.room)
        )

    def _room(self, room: str, actions: list[KeyAction]) -> Content:
        lines = [Content.styled(_ROOMS[room], "bold $primary")]
        for action in actions:
            keys = self._keymap.get(action.id, action.keys)
            shown = self._key_names(keys)
            lines.append(
                Content.assemble((f"{shown:<10}", "$accent"), f"{action.help:<62}", (action.id, "$muted"))
            )
        return Content("\n").join(lines)
