"""The full-screen terminal: the panes over the answers, the message line and the status, kept up to date."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.widgets import Footer, Input, TabPane, Tabs

from battui.contracts.commands import ShowMission
from battui.contracts.portal import Portal
from battui.contracts.replies import MissionView
from battui.tui.desk import Desk
from battui.tui.line_history import LineHistory
from battui.tui.news import MissionsChanged, News, NewsFeed
from battui.tui.requests import WriteLine
from battui.tui.screens.help import HelpScreen
from battui.tui.session import Session, save_session
from battui.tui.shell import Editor
from battui.tui.tour import Tour
from battui.tui.undoing import Undoing
from battui.tui.widgets.answers import Answers
from battui.tui.widgets.message_line import MessageLine
from battui.tui.widgets.status_line import StatusLine
from battui.tui.widgets.tour_bar import TourBar
from battui.tui.widgets.waiting_bar import WaitingBar, missions_label


class BattuiApp(Desk):
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
            portal,
            image=image,
            theme=theme,
            state_dir=state_dir,
            keymap=keymap or {},
            theme_dirs=theme_dirs,
            editor=editor,
        )
        self._image = image
        self._undoing = Undoing(self.conversation)
        self._tour = Tour(over=self.earlier.taught)
        self._waiting = WaitingBar(self.key_of)
        self._answers = Answers(self.conversation, self.book)
        self._tour_bar = TourBar()
        history = LineHistory(state_dir / "message_history" if state_dir is not None else None)
        self._message_line = MessageLine(self.conversation, history)
        self._status = StatusLine(self.conversation, image)

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

    @work(group="events")
    async def _follow_events(self) -> None:
        try:
            await NewsFeed(self._deliver).follow(self.conversation.portal)
        except Exception as error:
            self.lose_kernel(error)
        else:
            self.lose_kernel()

    def _deliver(self, news: News) -> None:
        followers = (*self._panes.values(), self._status)
        if news.past:
            # What it led to is on the screen already; the record of it is not.
            for keeper in (self._panes["log"], self._memory):
                keeper.post_message(News(news.events, past=True))
            return
        changed = self.book.take(news.events)
        for follower in followers:
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
        for follower in (self._missions, self._answers, self._asked, self._memory):
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
        self._memory.show_findings()

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

    def on_tabbed_content_tab_activated(self) -> None:
        # It comes late: what a fast hand has opened since keeps the focus.
        if not (self._message_line.has_focus_within or self.pane.has_focus_within):
            self.pane.take_focus()

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
