"""The tabs of panes, and the ways from one to another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from textual.app import SystemCommand
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import TabbedContent

from battui.contracts.commands import Path as ObjectPath
from battui.contracts.portal import Portal
from battui.tui.conversation import Conversation
from battui.tui.editing import Editing
from battui.tui.keys import KeyAction
from battui.tui.mission_book import MissionBook
from battui.tui.palette import mission_commands, object_commands, palette_commands
from battui.tui.panes.ask import AskPane
from battui.tui.panes.history import HistoryPane
from battui.tui.panes.log import LogPane
from battui.tui.panes.memory import MemoryPane
from battui.tui.panes.missions import MissionsPane
from battui.tui.panes.objects import ObjectsPane
from battui.tui.panes.pane import Pane
from battui.tui.panes.search import SearchPane
from battui.tui.requests import OpenHistory, OpenMission
from battui.tui.shell import Editor, Shell


class Desk(Shell):
    """A shell with panes over one portal, of which one is on the screen."""

    def __init__(
        self,
        portal: Portal,
        *,
        image: str,
        theme: str,
        state_dir: Path | None,
        keymap: Mapping[str, str],
        theme_dirs: Sequence[Path],
        editor: Editor | None,
    ) -> None:
        """Raises UsageError for a keymap or theme that does not exist."""
        super().__init__(
            theme=theme, state_dir=state_dir, keymap=keymap, theme_dirs=theme_dirs, editor=editor
        )
        self.conversation = Conversation(portal, tell=self.tell, lost=self.lose_kernel)
        self.book = MissionBook()
        editing = Editing(self.conversation, self.edit)
        self._objects = ObjectsPane(self.conversation, editing)
        if self.earlier.image == image:
            self._objects.begin_at(self.earlier.object)
        self._missions = MissionsPane(self.conversation, self.book, self.key_of, editing)
        self._history = HistoryPane(self.conversation)
        self._asked = AskPane(self.conversation, self.book, self._objects.names)
        self._memory = MemoryPane(self.conversation, self.book, self.key_of)
        self._panes: dict[str, Pane] = {
            "objects": self._objects,
            "missions": self._missions,
            "log": LogPane(),
            "history": self._history,
            "search": SearchPane(self.conversation),
            "ask": self._asked,
            "memory": self._memory,
        }
        earlier = self.earlier.tab
        self._tabs = TabbedContent(initial=earlier if earlier in self._panes else "objects")

    @property
    def pane(self) -> Pane:
        """The pane on the screen."""
        return self._panes[self._tabs.active or "objects"]

    def open_mission(self, mission: str) -> None:
        """Show a mission."""
        self.action_open_tab("missions")
        self._missions.open(mission)

    def open_object(self, path: ObjectPath) -> None:
        """Show an object."""
        self.action_open_tab("objects")
        self._objects.open(path)

    def on_open_mission(self, wanted: OpenMission) -> None:
        self.open_mission(wanted.mission)

    def on_open_history(self, wanted: OpenHistory) -> None:
        self.action_open_tab("history")
        self._history.show_object(wanted.oid, wanted.name)

    def action_open_tab(self, name: str) -> None:
        self._tabs.active = name
        self.pane.take_focus()

    def action_turn_tab(self, step: int) -> None:
        names = list(self._panes)
        self.action_open_tab(names[(names.index(self._tabs.active) + step) % len(names)])

    def action_show_waiting(self) -> None:
        if waiting := self.book.waiting():
            self.open_mission(waiting[-1].view.id)
        else:
            self.notify("No mission waits for your approval.")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        # Only the main screen has panes to act on; the palette opens over a dialog as well.
        if isinstance(screen, ModalScreen):
            return
        rooms = {**self._panes, "inspector": self._objects.inspector}
        yield from palette_commands(self.user_keys, rooms, self._perform, self.key_names)
        yield from object_commands(self._objects.listed.objects, self.open_object)
        yield from mission_commands(self.book.newest_first(), self.open_mission)

    async def _perform(self, action: KeyAction, pane: DOMNode | None) -> None:
        if pane is not None:
            self.action_open_tab(action.room if action.room in self._panes else "objects")
        await self.run_action(action.action, pane)
