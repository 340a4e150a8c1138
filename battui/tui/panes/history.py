"""The transactions of the image; any of them can be taken back."""

from __future__ import annotations

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from battui.contracts.commands import ListHistory, Path
from battui.contracts.replies import HistoryEntry, HistoryList
from battui.tui.conversation import Conversation
from battui.tui.keys import bindings
from battui.tui.news import News
from battui.tui.pace import Pace
from battui.tui.panes.pane import Pane
from battui.tui.requests import OpenMission
from battui.tui.values import date_and_clock, one_line
from battui.tui.widgets.listing import Column, Listing, Row

_COLUMNS = (Column("when", 19), Column("what"), Column("mission", 12), Column("", 10, least=90))

PAUSE = 0.5
"""Seconds between two readings of the history while it grows."""


class HistoryPane(Pane):
    """Transactions, newest first."""

    BINDINGS = bindings("history")

    def __init__(self, conversation: Conversation) -> None:
        super().__init__(id="history-pane")
        self._conversation = conversation
        self._listing = Listing(_COLUMNS, empty="Nothing has been written to this image yet.")
        self._entries: dict[str, HistoryEntry] = {}
        self._stale = True
        self._pace = Pace(self, PAUSE, self.reload)
        self._about: Path | None = None
        self._title = Static(id="history-about")

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._listing

    def on_mount(self) -> None:
        self._title.display = False

    def show_object(self, oid: int, name: str) -> None:
        """Show only what changed one object, until one goes back."""
        self._about = Path((), oid)
        self._title.update(Content.assemble((name, "bold"), ("  only what changed it", "$muted")))
        self._title.display = True
        self.reload()

    def go_back(self) -> None:
        if self._about is not None:
            self._about = None
            self._title.display = False
            self.reload()

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        event.stop()
        if (entry := self._entries.get(event.row)) and entry.mission:
            self.post_message(OpenMission(entry.mission))
        else:
            self.notify("No mission stands behind this transaction.", severity="warning")

    def take_focus(self) -> None:
        self._listing.take_focus()
        if self._stale:
            self.reload()

    def current_text(self) -> str:
        entry = self._entries.get(self._listing.row)
        return (
            f"{entry.transaction} {date_and_clock(entry.at)} {entry.description}" if entry is not None else ""
        )

    def undo_target(self) -> str:
        return self._listing.row

    def on_news(self, news: News) -> None:
        if news.has("object", "installed", "answer", "mission"):
            self._stale = True
            if self.is_on_screen:
                self._pace.ask()

    def action_reload(self) -> None:
        self.reload()

    @work(exclusive=True, group="history")
    async def reload(self) -> None:
        """Read the newest transactions."""
        self._stale = False
        reply = await self._conversation.ask(ListHistory(limit=200, path=self._about), HistoryList)
        if reply is not None:
            self._entries = {entry.transaction: entry for entry in reply.entries}
            self._listing.show([_row(entry) for entry in reply.entries])


def _row(entry: HistoryEntry) -> Row:
    cells = (
        Content.styled(date_and_clock(entry.at), "$muted"),
        Content(one_line(entry.description) or "unnamed"),
        Content.styled(entry.mission, "$muted"),
        Content.styled("" if entry.undoable else "for good", "$muted"),
    )
    return Row(entry.transaction, cells)
