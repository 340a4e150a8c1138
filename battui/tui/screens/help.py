"""All keys, as they are now, and the grammar of the message line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    "objects": "Objects",
    "inspector": "In an object",
    "missions": "Missions",
    "log": "Log",
    "history": "History",
    "search": "Search",
    "ask": "Ask",
    "memory": "Memory",
    "editor": "While editing",
    "uses": "Among senders",
    "message": "In the message line",
}


class HelpScreen(ModalScreen[None]):
    """Made from the bindings, so that it is never wrong about them."""

    BINDINGS = [("escape,question_mark,q", "dismiss", "Close")]  # noqa: RUF012  # Textual's interface

    def __init__(
        self, keymap: Mapping[str, str], key_names: Callable[[str], str], rooms: Sequence[str]
    ) -> None:
        """`rooms` are those whose keys work where the user is; they come first."""
        super().__init__()
        self._rooms = rooms
        self._keymap = keymap
        self._key_names = key_names

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            here, elsewhere = self._keys()
            yield Static(Content("\n\n").join([*here, Content.from_markup(text("grammar")), *elsewhere]))

    def on_mount(self) -> None:
        self.query_one("#help").focus()

    def _keys(self) -> tuple[list[Content], list[Content]]:
        """The rooms where the user is, and all others."""
        rooms = {room: list(actions) for room, actions in groupby(key_actions(), key=lambda each: each.room)}
        here = [self._room(room, rooms.pop(room), " (here)") for room in self._rooms if room in rooms]
        return here, [self._room(room, actions) for room, actions in rooms.items()]

    def _room(self, room: str, actions: list[KeyAction], aside: str = "") -> Content:
        lines = [Content.assemble((_ROOMS[room], "bold $primary"), (aside, "$muted"))]
        for action in actions:
            keys = self._keymap.get(action.id, action.keys)
            shown = self._key_names(keys)
            lines.append(
                Content.assemble((f"{shown:<10}", "$accent"), f"{action.help:<67}", (action.id, "$muted"))
            )
        return Content("\n").join(lines)
