"""Who holds a message and who sends it; one of them is gone to."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from battui.contracts.methods import SelectorPlace, SelectorUses
from battui.tui.keys import bindings
from battui.tui.values import one_line, python
from battui.tui.widgets.listing import Column, Listing, Row
from battui.tui.widgets.slot_text import MARKS

_COLUMNS = (Column("", 1), Column("", 30), Column(""))


class UsesScreen(ModalScreen[SelectorPlace]):
    """Implementors over senders, with the source of the chosen one beneath."""

    BINDINGS = bindings("uses")

    def __init__(self, uses: SelectorUses) -> None:
        super().__init__()
        self._uses = uses
        self._places = {
            f"{group}{number}": place
            for group, places in (("held", uses.implementors), ("sent", uses.senders))
            for number, place in enumerate(places)
        }
        self._listing = Listing(_COLUMNS)
        self._source = Static()

    def compose(self) -> ComposeResult:
        with Vertical(id="uses"):
            yield Static(Content.assemble((self._uses.selector, "bold"), (_counted(self._uses), "$muted")))
            yield self._listing
            with VerticalScroll(classes="detail"):
                yield self._source

    def on_mount(self) -> None:
        rows = [*self._rows("held", "Held by"), *self._rows("sent", "Sent by")]
        self._listing.show(rows)
        self._listing.take_focus()

    def on_listing_highlighted(self, event: Listing.Highlighted) -> None:
        event.stop()
        place = self._places.get(event.row)
        self._source.update(_source(place) if place is not None else Content(""))

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        event.stop()
        self.dismiss(self._places[event.row])

    def action_leave(self) -> None:
        self.dismiss()

    def _rows(self, group: str, title: str) -> Iterator[Row]:
        places = [(row, place) for row, place in self._places.items() if row.startswith(group)]
        yield Row(group, (Content.styled(title if places else f"{title} nobody", "$muted"),), heading=True)
        for row, place in places:
            name = f"{place.holder}.{place.slot}" if group == "sent" else place.holder
            mark = Content.styled(MARKS[place.kind], "$text-accent")
            yield Row(row, (mark, Content(name), Content.styled(one_line(place.text), "$muted")))


def _counted(uses: SelectorUses) -> str:
    held, sent = len(uses.implementors), len(uses.senders)
    more = f", {uses.more} more are not shown" if uses.more else ""
    return f"  {held} hold{'s' * (held == 1)} it, {sent} send{'s' * (sent == 1)} it{more}"


def _source(place: SelectorPlace) -> Content:
    """The method with the line that sends the message marked."""
    if not place.source:
        return python(place.text)
    source = python(place.source)
    if not place.line:
        return source
    lines = source.split("\n", allow_blank=True)
    lines[place.line - 1] = lines[place.line - 1].stylize("bold on $primary-muted")
    return Content("\n").join(lines)
