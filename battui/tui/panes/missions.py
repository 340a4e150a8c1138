"""Missions, open and ended, and everything the chosen one went through."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from battui.contracts.commands import ListMissions, ShowMission
from battui.contracts.replies import APPROVAL, MissionList, MissionView
from battui.tui.conversation import Conversation
from battui.tui.editing import Editing
from battui.tui.keys import bindings
from battui.tui.mission_book import MissionBook, MissionPage
from battui.tui.panes.mission_orders import MissionOrders
from battui.tui.values import lasted, one_line
from battui.tui.widgets.find_line import FindLine
from battui.tui.widgets.focus import focus_now
from battui.tui.widgets.listing import Column, Listing, Row
from battui.tui.widgets.mission_text import mission_text, state_name

_COLUMNS = (
    Column("state", 14),
    Column("mission"),
    Column("object", 14, least=90),
    Column("age", 6, right=True),
    Column("tokens", 6, right=True),
    Column("waits for", 12, least=90),
)


class MissionsPane(MissionOrders):
    """A live list over the chosen mission's story."""

    BINDINGS = bindings("missions")

    class Listed(Message):
        """Missions were read from the kernel, which may have changed what waits."""

    def __init__(
        self, conversation: Conversation, book: MissionBook, key_of: Callable[[str], str], editing: Editing
    ) -> None:
        """`key_of` names the key of an action by its id."""
        super().__init__(conversation, editing, id="missions-pane")
        self._book = book
        self._find = FindLine("only missions with this in title, object, state or number", id="mission-find")
        self._key_of = key_of
        self._listing = Listing(_COLUMNS, empty="No missions yet. Send a message that nobody understands.")
        self._story = Static()
        self._detail = VerticalScroll(self._story, classes="detail")

    def compose(self) -> ComposeResult:
        yield self._find
        yield self._listing
        yield self._detail

    def on_mount(self) -> None:
        self._ticking = self.set_interval(1.0, self.show, pause=True)
        self.reload()

    def take_focus(self) -> None:
        if self.has_class("-detail"):
            focus_now(self._detail)
        else:
            self._listing.take_focus()

    @property
    def page(self) -> MissionPage | None:
        return self._book.pages.get(self._listing.row)

    def go_back(self) -> None:
        self._find.close()
        self.remove_class("-detail")
        self._listing.take_focus()

    def current_text(self) -> str:
        page = self.page
        if page is None:
            return ""
        chosen = [candidate.source for candidate in page.view.candidates if candidate.chosen]
        return "\n".join(chosen) or str(mission_text(page, time.time()))

    def undo_target(self) -> str:
        return self._listing.row

    @work(exclusive=True, group="missions")
    async def reload(self) -> None:
        """Ask for all missions, as at the start and after events were lost."""
        reply = await self._conversation.ask(ListMissions(), MissionList)
        if reply is not None:
            self._book.put(reply.missions)
            self.show()
            self.post_message(self.Listed())

    def on_missions_changed(self) -> None:
        self.show()

    def show(self) -> None:
        """Bring list and story up to date; ages move only while a mission is open."""
        now = time.time()
        needle = self._find.value.casefold()
        shown = [page for page in self._book.newest_first() if needle in _searched(page.view)]
        self._listing.show([_row(page, now) for page in shown])
        self._show_story(now)
        self._tell_proposals()
        if self._book.open():
            self._ticking.resume()
        else:
            self._ticking.pause()

    def choose(self, mission: str) -> None:
        """Put the cursor on a mission."""
        self._listing.choose(mission)

    def open(self, mission: str) -> None:
        """Show a mission, whatever the filter, ready for a decision."""
        self._find.close()
        self.show()
        self.choose(mission)
        self.add_class("-detail")
        focus_now(self._detail)
        self.read(mission)

    def on_listing_highlighted(self, event: Listing.Highlighted) -> None:
        event.stop()
        self._show_story(time.time())
        self._detail.scroll_home(animate=False)
        self.read(event.row)

    def action_filter(self) -> None:
        self.remove_class("-detail")
        self._find.open()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._find.display = bool(event.value)
        self._listing.take_focus()

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        event.stop()
        self.add_class("-detail")
        focus_now(self._detail)

    @work(exclusive=True, group="mission")
    async def read(self, mission: str) -> None:
        view = await self._conversation.ask(ShowMission(mission), MissionView)
        if view is not None:
            self._book.put([view])
            self.show()
            self.post_message(self.Listed())

    def _show_story(self, now: float) -> None:
        page = self.page
        keys = [("approve", "approves"), ("reject", "rejects"), ("edit", "edits")]
        choice = ", ".join(f"{self._key_of(f'missions.{name}')} {does}" for name, does in keys)
        self._story.update(mission_text(page, now, choice) if page is not None else Content(""))

    def _tell_proposals(self) -> None:
        for page in self._book.proposing():
            title = one_line(page.view.title)
            self.notify(
                f"{title} waits for {APPROVAL}. Look at it: {self._key_of('app.missions')}",
                title=page.view.id,
                severity="warning",
                timeout=10,
                markup=False,
            )


def _searched(view: MissionView) -> str:
    waits = APPROVAL if view.proposal else ""
    return f"{view.id} {view.state} {view.title} {view.target} {view.kind} {waits}".casefold()


def _row(page: MissionPage, now: float) -> Row:
    view = page.view
    tokens = view.tokens or page.pieces
    cells = (
        state_name(view),
        Content(one_line(view.title)),
        Content.styled(view.target, "$muted"),
        Content.styled(lasted(view.started_at, view.ended_at, now), "$muted"),
        Content.styled(str(tokens or ""), "$muted"),
        Content.styled(view.waiting, "$text-warning"),
    )
    return Row(view.id, cells)
