"""The full-screen terminal: tabs of panes over the answers, the message line and the status."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from textual import work
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Footer, Input, TabbedContent, TabPane, Tabs

from battui.contracts.commands import ShowMission, Undo
from battui.contracts.errors import BattuiError, UsageError
from battui.contracts.portal import Portal
from battui.contracts.replies import Answer, MissionView
from battui.contracts.resources import folder
from battui.tui.clipboard import MAX_COPY, copy_sequence, fits_clipboard
from battui.tui.conversation import Conversation
from battui.tui.keys import KeyAction, bindings, checked_keymap, keys_of
from battui.tui.line_history import LineHistory
from battui.tui.mission_book import MissionBook
from battui.tui.news import MissionsChanged, News, NewsFeed
from battui.tui.palette import palette_commands
from battui.tui.panes.history import HistoryPane
from battui.tui.panes.log import LogPane
from battui.tui.panes.missions import MissionsPane
from battui.tui.panes.objects import ObjectsPane
from battui.tui.panes.pane import Pane
from battui.tui.screens.help import HelpScreen
from battui.tui.themes import load_themes
from battui.tui.widgets.answers import Answers
from battui.tui.widgets.message_line import MessageLine
from battui.tui.widgets.status_line import StatusLine

_HERE = Path(__file__).parent


class BattuiApp(App[int], inherit_bindings=False):
    """The terminal over one portal. Its result is the exit code."""

    TITLE = "battui"
    CSS_PATH = sorted(_HERE.rglob("*.tcss"))
    BINDINGS = bindings("app", "move")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]  # noqa: RUF012

    def __init__(
        self,
        portal: Portal,
        *,
        image: str,
        theme: str = "battui-dark",
        state_dir: Path | None = None,
        keymap: Mapping[str, str] | None = None,
        theme_dirs: Sequence[Path] = (),
    ) -> None:
        """`image` is the name to show. Raises UsageError for a keymap or theme that does not exist."""
        super().__init__()
        self._user_keys = checked_keymap(keymap or {})
        self.conversation = Conversation(portal, tell=self.tell, lost=self.lose_kernel)
        self.book = MissionBook()
        self._theme_errors = self._register_themes(theme, theme_dirs)
        history = LineHistory(state_dir / "message_history" if state_dir is not None else None)
        self._missions = MissionsPane(self.conversation, self.book, self.key_of)
        self._panes: dict[str, Pane] = {
            "objects": ObjectsPane(self.conversation),
            "missions": self._missions,
            "log": LogPane(),
            "history": HistoryPane(self.conversation),
        }
        self._tabs = TabbedContent(initial="objects")
        self._answers = Answers(self.conversation, self.book)
        self._message_line = MessageLine(self.conversation, history)
        self._status = StatusLine(self.conversation, image)
        self._undone: list[str] = []

    def _register_themes(self, theme: str, theme_dirs: Sequence[Path]) -> list[BattuiError]:
        themes, errors = load_themes([folder("themes"), *theme_dirs])
        for known in themes:
            self.register_theme(known)
        if theme not in self.available_themes:
            raise UsageError(
                "there is no such theme",
                about=theme,
                remedy=f"Choose one of {', '.join(sorted(known.name for known in themes))}.",
            )
        self.theme = theme
        return [*errors]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        # Themes that do not know battui's own colour get one that can be read on light and dark.
        return {"muted": "#868c96"}

    def compose(self) -> ComposeResult:
        with self._tabs:
            for name, pane in self._panes.items():
                with TabPane(name.capitalize(), id=name):
                    yield pane
        yield self._answers
        yield self._message_line
        yield self._status
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.set_keymap(self._user_keys)
        self._tabs.query_one(Tabs).can_focus = False
        self.pane.take_focus()
        self._follow_events()
        for error in self._theme_errors:
            self.tell(error)

    @property
    def pane(self) -> Pane:
        """The pane on the screen."""
        return self._panes[self._tabs.active or "objects"]

    def tell(self, error: BattuiError) -> None:
        """Show an error as the sentence it is."""
        self.notify(str(error), severity="error", markup=False)

    def lose_kernel(self, reason: Exception | None = None) -> None:
        """Leave, because there is no kernel any more."""
        if not self._exit:
            why = f": {reason}" if reason is not None else ""
            self.exit(1, return_code=1, message=f"The kernel has ended{why}. Start battui again.")

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
        for follower in (self._missions, self._answers):
            follower.post_message(MissionsChanged(changed))
        count = len(self.book.open())
        self._tabs.get_tab("missions").label = Content(f"Missions {count}" if count else "Missions")

    def on_message_line_ready(self, ready: MessageLine.Ready) -> None:
        self._answers.send(ready.line, ready.command)

    def on_answers_parked(self, parked: Answers.Parked) -> None:
        self._missions.show()
        self._missions.choose(parked.mission)

    def on_tabbed_content_tab_activated(self) -> None:
        if not self._message_line.has_focus_within:
            self.pane.take_focus()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        # Only the main screen has panes to act on; the palette opens over a dialog as well.
        if isinstance(screen, ModalScreen):
            return ()
        return palette_commands(self._user_keys, self._panes, self._perform, self.key_names)

    def key_names(self, keys: str) -> str:
        """Return the names of keys as a keyboard has them."""
        return " ".join(self.get_key_display(Binding(key.strip(), "")) for key in keys.split(","))

    def key_of(self, action: str) -> str:
        """Return the name of the key that starts the action with that id."""
        return self.key_names(keys_of(action, self._user_keys))

    async def _perform(self, action: KeyAction, pane: DOMNode | None) -> None:
        if pane is not None:
            self.action_open_tab(action.room)
        await self.run_action(action.action, pane)

    async def action_quit(self) -> None:
        self.exit(0)

    async def action_help(self) -> None:
        await self.push_screen(HelpScreen(self._user_keys, self.key_names))

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

    def action_move(self, key: str) -> None:
        self.simulate_key(key)

    def action_open_tab(self, name: str) -> None:
        self._tabs.active = name
        self.pane.take_focus()

    def action_turn_tab(self, step: int) -> None:
        names = list(self._panes)
        self.action_open_tab(names[(names.index(self._tabs.active) + step) % len(names)])

    def action_clear_answers(self) -> None:
        self._answers.clear()

    def action_copy(self) -> None:
        answers = self._answers.current_text()
        shown = answers if self._answers.has_focus else self.pane.current_text() or answers
        self.copy_to_clipboard(self.screen.get_selected_text() or shown)

    def copy_to_clipboard(self, text: str) -> None:
        size = len(text.encode())
        if not text:
            self.notify("There is nothing to copy here.", severity="warning")
        elif not fits_clipboard(text):
            self.notify(
                f"{size} bytes are too many for the terminal's clipboard, which takes {MAX_COPY}.",
                severity="error",
            )
        elif self._driver is not None:
            self._clipboard = text
            self._driver.write(copy_sequence(text, os.environ))
            self.notify(f"Copied {size} bytes.", timeout=2)

    def action_undo(self) -> None:
        target = self.pane.undo_target()
        if target:
            self._undo(target)
        else:
            self.notify("Choose a mission, a learned method or a transaction first.", severity="warning")

    def action_redo(self) -> None:
        if self._undone:
            self._undo(self._undone.pop(), redo=True)
        else:
            self.notify("There is no undo to take back.", severity="warning")

    @work(group="undo")
    async def _undo(self, target: str, *, redo: bool = False) -> None:
        answer = await self.conversation.ask(Undo(target), Answer)
        if answer is not None:
            if not redo and isinstance(answer.value, str):
                self._undone.append(answer.value)
            self.notify(
                answer.text or ("Done again." if redo else "Taken back; Z does it again."), markup=False
            )
