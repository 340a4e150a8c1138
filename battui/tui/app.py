"""The full-screen terminal: tabs of panes over the answers, the message line and the status."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from textual import work
from textual.app import ComposeResult, SystemCommand
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Input, TabbedContent, TabPane, Tabs

from battui.contracts.commands import Path as ObjectPath
from battui.contracts.commands import ShowMission
from battui.contracts.portal import Portal
from battui.contracts.replies import MissionView
from battui.tui.conversation import Conversation
from battui.tui.keys import KeyAction
from battui.tui.line_history import LineHistory
from battui.tui.mission_book import MissionBook
from battui.tui.news import MissionsChanged, News, NewsFeed
from battui.tui.palette import mission_commands, object_commands, palette_commands
from battui.tui.panes.ask import AskPane
from battui.tui.panes.history import HistoryPane
from battui.tui.panes.log import LogPane
from battui.tui.panes.missions import MissionsPane
from battui.tui.panes.objects import ObjectsPane
from battui.tui.panes.pane import Pane
from battui.tui.panes.search import SearchPane
from battui.tui.requests import OpenHistory, OpenMission, WriteLine
from battui.tui.screens.help import HelpScreen
from battui.tui.session import Session, save_session
from battui.tui.shell import Editor, Shell
from battui.tui.tour import Tour
from battui.tui.undoing import Undoing
from battui.tui.widgets.answers import Answers
from battui.tui.widgets.message_line import MessageLine
from battui.tui.widgets.status_line import StatusLine
from battui.tui.widgets.tour_bar import TourBar
from battui.tui.widgets.waiting_bar import WaitingBar, missions_label


class BattuiApp(Shell):
    """The terminal over one portal."""

    def __init__(
        self,
        portal: Portal,
        *,
        image: str,
        theme: str = "battui-dark",
        state_dir: Path | None = None,
        keymap: Mapping[str, str] | None = None,
        theme_dirs: Sequence[Path] = (),
        editor: Editor | None = None,
    ) -> None:
        """`image` is the name to show; `editor` has the user edit a text, on a terminal that is free for it.

        Raises UsageError for a keymap or theme that does not exist.
        """
        super().__init__(
            theme=theme, state_dir=state_dir, keymap=keymap or {}, theme_dirs=theme_dirs, editor=editor
        )
        self._image = image
        self.conversation = Conversation(portal, tell=self.tell, lost=self.lose_kernel)
        self.book = MissionBook()
        self._undoing = Undoing(self.conversation)
        self._tour = Tour(over=self.earlier.taught)
        self._make_panes()
        self._waiting = WaitingBar(self.key_of)
        self._answers = Answers(self.conversation, self.book)
        self._tour_bar = TourBar()
        history = LineHistory(state_dir / "message_history" if state_dir is not None else None)
        self._message_line = MessageLine(self.conversation, history)
        self._status = StatusLine(self.conversation, image)

    def _make_panes(self) -> None:
        self._objects = ObjectsPane(self.conversation)
        if self.earlier.image == self._image:
            self._objects.begin_at(self.earlier.object)
        self._missions = MissionsPane(self.conversation, self.book, self.key_of, self.edit)
        self._history = HistoryPane(self.conversation)
        self._asked = AskPane(self.conversation, self.book, self._objects.names)
        self._panes: dict[str, Pane] = {
            "objects": self._objects,
            "missions": self._missions,
            "log": LogPane(),
            "history": self._history,
            "search": SearchPane(self.conversation),
            "ask": self._asked,
        }
        earlier = self.earlier.tab
        self._tabs = TabbedContent(initial=earlier if earlier in self._panes else "objects")

    def compose(self) -> ComposeResult:
        with self._tabs:
            for name, pane in self._panes.items():
                with TabPane(name.capitalize(), id=name):
                    yield pane
        yield self._waiting
        yield self._answers
        yield self._tour_bar
        yield self._message_line
        yield self._status
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.set_keymap(self.user_keys)
        self._tabs.query_one(Tabs).can_focus = False
        self.pane.take_focus()
        self._follow_events()
        for error in self.theme_errors:
            self.tell(error)

    def on_unmount(self) -> None:
        shown = self._objects.inspector.shown
        session = Session(
            image=self._image,
            tab=self._tabs.active or "objects",
            theme=self.theme if self.theme != self.configured_theme else "",
            configured=self.configured_theme,
            object=shown.oid if shown is not None else 0,
            taught=self._tour.over,
        )
        # What cannot be kept is not worth a word to somebody who is leaving.
        with suppress(OSError):
            save_session(self.state_dir, session)

    @property
    def pane(self) -> Pane:
        """The pane on the screen."""
        return self._panes[self._tabs.active or "objects"]

    @work(group="events")
    async def _follow_events(self) -> None:
        try:
            await NewsFeed(self._deliver).follow(self.conversation.portal)
        except Exception as error:
            self.lose_kernel(error)
        else:
            self.lose_kernel()

    def _deliver(self, news: News) -> None:
        changed = self.book.take(news.events)
        for follower in (*self._panes.values(), self._status):
            follower.post_message(News(news.events, news.gap))
        if changed:
            self._tell_missions(changed)
        if news.gap:
            self._missions.reload()
        self._read_missions()

    @work(group="missions")
    async def _read_missions(self) -> None:
        for mission in self.book.wanted():
            view = await self.conversation.ask(ShowMission(mission), MissionView)
            if view is not None:
                self._tell_missions(self.book.put([view]))

    def _tell_missions(self, changed: Iterable[str]) -> None:
        for follower in (self._missions, self._answers, self._asked):
            follower.post_message(MissionsChanged(changed))
        self._show_waiting()

    def _show_waiting(self) -> None:
        waiting = self.book.waiting()
        self._waiting.show(waiting)
        self._tabs.get_tab("missions").label = missions_label(len(self.book.open()), bool(waiting))

    def _show_tour(self) -> None:
        step = self._tour.step
        self._tour_bar.show(self._tour, self.key_of("app.message"), self.key_of("message.complete"))
        self._message_line.offer(step.line if step is not None else "")

    def on_objects_pane_listed(self) -> None:
        if self._objects.is_empty:
            self._tour.begin()
        self._show_tour()

    def on_missions_pane_listed(self) -> None:
        self._show_waiting()
        self._asked.show()

    def on_message_line_ready(self, ready: MessageLine.Ready) -> None:
        self._answers.send(ready.line, ready.command)
        self._tour.take(ready.line)
        self._show_tour()

    def on_answers_answered(self) -> None:
        self._objects.refresh_soon()

    def on_answers_parked(self, parked: Answers.Parked) -> None:
        self._missions.show()
        self._missions.choose(parked.mission)

    def on_write_line(self, wanted: WriteLine) -> None:
        self._message_line.write(wanted.line, wanted.back)

    def on_open_mission(self, wanted: OpenMission) -> None:
        self.open_mission(wanted.mission)

    def on_open_history(self, wanted: OpenHistory) -> None:
        self.action_open_tab("history")
        self._history.show_object(wanted.oid, wanted.name)

    def open_mission(self, mission: str) -> None:
        """Show a mission."""
        self.action_open_tab("missions")
        self._missions.open(mission)

    def open_object(self, path: ObjectPath) -> None:
        """Show an object."""
        self.action_open_tab("objects")
        self._objects.open(path)

    def on_tabbed_content_tab_activated(self) -> None:
        # It comes late: what a fast hand has opened since keeps the focus.
        if not (self._message_line.has_focus_within or self.pane.has_focus_within):
            self.pane.take_focus()

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

    async def action_help(self) -> None:
        rooms = [name for name, pane in self._panes.items() if pane is self.pane]
        if self._message_line.has_focus_within:
            rooms = ["message"]
        elif self._objects.inspector.has_focus_within:
            rooms.append("inspector")
        await self.push_screen(HelpScreen(self.user_keys, self.key_names, rooms))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # The key of the message line has priority, so that what is typed right after it lands there; in an input
        # and over a dialog it is a key like any other.
        if action == "focus_message":
            return not isinstance(self.focused, Input) and len(self.screen_stack) == 1
        return super().check_action(action, parameters)

    def action_focus_message(self) -> None:
        self._message_line.take_focus()

    async def action_back(self) -> None:
        if self._message_line.has_focus_within or self._answers.has_focus:
            self.pane.take_focus()
        else:
            self.pane.go_back()

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

    def action_skip_tour(self) -> None:
        self._tour.skip()
        self._show_tour()

    def action_clear_answers(self) -> None:
        self._answers.clear()

    def action_copy(self) -> None:
        answers = self._answers.current_text()
        shown = answers if self._answers.has_focus else self.pane.current_text() or answers
        self.copy_to_clipboard(self.screen.get_selected_text() or shown)

    def action_undo(self) -> None:
        target = self.pane.undo_target()
        if target:
            self._say(self._undoing.undo(target))
        else:
            self.notify("Choose a mission, a learned method or a transaction first.", severity="warning")

    def action_redo(self) -> None:
        self._say(self._undoing.redo())

    @work(group="undo")
    async def _say(self, undoing: Awaitable[str]) -> None:
        if text := await undoing:
            self.notify(text, markup=False)
