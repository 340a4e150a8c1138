"""Questions, their answers and where the answers come from."""

from __future__ import annotations

import re
import time

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from battui.contracts.commands import Ask, Path, Read, ShowMission
from battui.contracts.errors import BattuiError
from battui.contracts.message_line import parse_line
from battui.contracts.replies import Answer, MissionView
from battui.tui.conversation import Conversation
from battui.tui.keys import bindings
from battui.tui.mission_book import MissionBook, MissionPage
from battui.tui.object_names import ObjectNames
from battui.tui.panes.pane import Pane
from battui.tui.panes.search import CATALOG
from battui.tui.values import lasted, one_line
from battui.tui.widgets.focus import focus_now
from battui.tui.widgets.listing import Column, Listing, Row
from battui.tui.widgets.mission_text import mission_text, state_name

_COLUMNS = (
    Column("state", 14),
    Column("question"),
    Column("about", 18, least=90),
    Column("age", 6, right=True),
)
_ABOUT = re.compile(r"([\w.@]+)\s*\?\s+(.+)")
_HELP = "Asked of the documents; begin with `account ?` to ask about an object."


class AskPane(Pane):
    """A line for the question over those asked before. A question is a mission, and is kept like one."""

    BINDINGS = bindings("ask")

    def __init__(self, conversation: Conversation, book: MissionBook, names: ObjectNames) -> None:
        super().__init__(id="ask-pane")
        self._conversation = conversation
        self._book = book
        self._names = names
        self._question = Input(
            placeholder="/ to write: what do you want to know?", compact=True, id="question"
        )
        self._about = Static(Content.styled(_HELP, "$muted"), id="ask-about")
        self._listing = Listing(_COLUMNS)
        self._text = Static()
        self._detail = VerticalScroll(self._text, classes="detail")

    def compose(self) -> ComposeResult:
        yield self._question
        yield self._about
        yield self._listing
        yield self._detail

    def on_mount(self) -> None:
        self._question.cursor_blink = False
        self.show()

    def take_focus(self) -> None:
        self._listing.take_focus()

    def go_back(self) -> None:
        self._listing.take_focus()

    def current_text(self) -> str:
        page = self._book.pages.get(self._listing.row)
        return "\n".join([page.view.answer, *page.view.sources]) if page is not None else ""

    def undo_target(self) -> str:
        return self._listing.row

    def action_question(self) -> None:
        focus_now(self._question)

    def on_missions_changed(self) -> None:
        self.show()

    def show(self) -> None:
        """Bring the list and the chosen answer up to date."""
        now = time.time()
        asked = [page for page in self._book.newest_first() if page.view.kind == "question"]
        self._listing.show([_row(page, now) for page in asked])
        self._show_answer(now)

    def on_listing_highlighted(self, event: Listing.Highlighted) -> None:
        event.stop()
        self._show_answer(time.time())
        self._detail.scroll_home(animate=False)

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        event.stop()
        focus_now(self._detail)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if question := event.value.strip():
            self._question.clear()
            self._ask(self._meant(question))

    @work(group="ask")
    async def _ask(self, command: Ask) -> None:
        answer = await self._conversation.ask(command, Answer)
        if answer is None or not answer.mission:
            return
        view = await self._conversation.ask(ShowMission(answer.mission), MissionView)
        if view is not None:
            self._book.put([view])
            self.show()
            self._listing.choose(view.id)
            self._listing.take_focus()

    def _meant(self, question: str) -> Ask:
        """The question about the object that it begins with, or else about the documents."""
        match = _ABOUT.fullmatch(question)
        path = self._path(match.group(1)) if match is not None else None
        if match is None or path is None:
            return Ask(CATALOG, question, wait=False)
        return Ask(path, match.group(2).strip("'\""), wait=False)

    def _path(self, written: str) -> Path | None:
        try:
            command = parse_line(written)
        except BattuiError:
            return None
        path = command.path if isinstance(command, Read) else None
        return path if path is not None and (path.oid or self._names.knows(path.names[0])) else None

    def _show_answer(self, now: float) -> None:
        page = self._book.pages.get(self._listing.row)
        self._text.update(mission_text(page, now) if page is not None else Content(""))


def _row(page: MissionPage, now: float) -> Row:
    view = page.view
    age = Content.styled(lasted(view.started_at, view.ended_at, now), "$muted")
    return Row(
        view.id,
        (state_name(view), Content(one_line(view.title)), Content.styled(view.target, "$muted"), age),
    )
