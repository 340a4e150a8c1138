"""Passages of what was indexed, found by words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from battui.contracts.commands import Path, Send
from battui.contracts.replies import Answer
from battui.contracts.values import Value
from battui.tui.conversation import Conversation
from battui.tui.keys import bindings
from battui.tui.panes.pane import Pane
from battui.tui.values import one_line
from battui.tui.widgets.focus import focus_now
from battui.tui.widgets.listing import Column, Listing, Row

CATALOG = Path(("knowledge_catalog_obj",))
MOST = 30
_COLUMNS = (Column("score", 6, right=True), Column("where", 30), Column("passage", least=70))
_EXAMPLE = '/ to write: words, or "a phrase", AND, OR, -without'
_NOTHING = "Documents come in with: battui index FOLDER"
_SHORTEST_STEM = 4


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document, as the catalog answers it."""

    document: str
    line: int
    headings: tuple[str, ...]
    score: float
    text: str

    @property
    def place(self) -> str:
        """Where to look it up."""
        return f"{self.document}:{self.line}"


class SearchPane(Pane):
    """A line for the query, the passages found, and the chosen one in full."""

    BINDINGS = bindings("search")

    def __init__(self, conversation: Conversation) -> None:
        super().__init__(id="search-pane")
        self._conversation = conversation
        self._query = Input(
            placeholder='/ to write: words, or "a phrase", AND, OR, -without', compact=True, id="query"
        )
        self._about = Static(Content.styled(_NOTHING, "$muted"), id="search-about")
        self._listing = Listing(_COLUMNS)
        self._text = Static()
        self._detail = VerticalScroll(self._text, classes="detail")
        self._found: dict[str, Passage] = {}
        self._asked = ""

    def compose(self) -> ComposeResult:
        yield self._query
        yield self._about
        yield self._listing
        yield self._detail

    def on_mount(self) -> None:
        self._query.cursor_blink = False

    def take_focus(self) -> None:
        # The query has its key: keys pressed in passing, as from tab to tab, are not to be written there.
        self._listing.take_focus()

    def go_back(self) -> None:
        self.remove_class("-detail")
        self._listing.take_focus()

    def current_text(self) -> str:
        passage = self._found.get(self._listing.row)
        return f"{passage.place}\n{passage.text}" if passage is not None else ""

    def action_query(self) -> None:
        self.remove_class("-detail")
        focus_now(self._query)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self._search(event.value.strip())

    @work(exclusive=True, group="search")
    async def _search(self, query: str) -> None:
        self._about.update(Content.styled("searching …", "$muted"))
        command = Send(CATALOG, "search_", (query,), (("top", MOST),))
        answer = await self._conversation.ask(command, Answer)
        found = _passages(answer.value) if answer is not None else []
        self._asked = query
        self._found = {str(place): passage for place, passage in enumerate(found)}
        self._listing.show([_row(place, passage) for place, passage in self._found.items()])
        count = f"{len(found)} passages for {query!r}" if found else f"Nothing was found. {_NOTHING}"
        self._about.update(Content.styled(count, "$muted"))
        self._show_passage(self._listing.row)
        if found:
            self._listing.take_focus()

    def on_listing_highlighted(self, event: Listing.Highlighted) -> None:
        event.stop()
        self._show_passage(event.row)

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        event.stop()
        self.add_class("-detail")
        focus_now(self._detail)

    def _show_passage(self, row: str) -> None:
        passage = self._found.get(row)
        if passage is None:
            self._text.update(Content(""))
            return
        way = " > ".join(passage.headings)
        head = Content.assemble((passage.place, "bold"), (f"  {way}", "$muted"))
        self._text.update(Content("\n\n").join([head, _marked(passage.text, self._asked)]))
        self._detail.scroll_home(animate=False)


def _passages(value: Value) -> list[Passage]:
    found = value if isinstance(value, list) else []
    return [_passage(told) for told in found if isinstance(told, dict)]


def _passage(told: Mapping[str, Value]) -> Passage:
    headings, line, score = told.get("headings"), told.get("line"), told.get("score")
    return Passage(
        document=str(told.get("document", "")),
        line=line if isinstance(line, int) else 0,
        headings=tuple(str(heading) for heading in headings) if isinstance(headings, list) else (),
        score=float(score) if isinstance(score, int | float) else 0.0,
        text=str(told.get("text", "")),
    )


def _row(place: str, passage: Passage) -> Row:
    score = Content.styled(f"{passage.score:.2f}", "$muted")
    return Row(place, (score, Content(passage.place), Content.styled(one_line(passage.text), "$muted")))


def _marked(text: str, query: str) -> Content:
    """The text with the words of the query marked, and words of the same stem as far as a beginning tells."""
    stems = [re.escape(word[: max(_SHORTEST_STEM, len(word) - 2)]) for word in re.findall(r"\w+", query)]
    if not stems:
        return Content(text)
    return Content(text).highlight_regex(rf"(?i)\b(?:{'|'.join(stems)})\w*", style="bold $text-accent")
