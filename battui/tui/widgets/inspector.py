"""An object opened up: its slots, what the chosen one holds, and the way back to where one came from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from battui.contracts.commands import Path, ShowMethod, ShowObject
from battui.contracts.replies import MethodStory, ObjectView, SlotView
from battui.contracts.values import Ref
from battui.tui.conversation import Conversation
from battui.tui.keys import bindings
from battui.tui.object_names import ObjectNames
from battui.tui.values import references
from battui.tui.widgets.focus import focus_now
from battui.tui.widgets.listing import Column, Listing, Row
from battui.tui.widgets.method_text import story_text
from battui.tui.widgets.slot_text import mark, slot_text, summary

_COLUMNS = (Column("", 1), Column("", 22), Column(""))
_MOST_REFERENCES = 50


class Inspector(Vertical):
    """Shows one object at a time. Enter on a reference goes there, escape comes back."""

    BINDINGS = bindings("inspector")

    class Left(Message):
        """The user went back from the first object."""

    def __init__(self, conversation: Conversation, names: ObjectNames) -> None:
        super().__init__()
        self._conversation = conversation
        self._names = names
        self._trail: list[ObjectView] = []
        self._slots: dict[str, SlotView] = {}
        self._targets: dict[str, Ref] = {}
        self._way = Static(classes="way")
        self._listing = Listing(_COLUMNS)
        self._detail_text = Static()
        self._told: tuple[int, str, SlotView | None, str] | None = None
        self._detail = VerticalScroll(self._detail_text, classes="detail")

    def compose(self) -> ComposeResult:
        yield self._way
        yield self._listing
        yield self._detail

    @property
    def shown(self) -> ObjectView | None:
        """The object on the screen."""
        return self._trail[-1] if self._trail else None

    @property
    def slot(self) -> SlotView | None:
        """The slot under the cursor."""
        return self._slots.get(self._listing.row)

    @work(exclusive=True, group="inspect")
    async def open(self, path: Path, *, follow: bool = False, slot: str = "") -> None:
        """Show the object at `path`: as the next step of the way there, or as a new beginning.

        With `slot`, the cursor goes to that one of the object's own slots.
        """
        view = await self._conversation.ask(ShowObject(path), ObjectView)
        if view is not None:
            self._trail = [*self._trail, view] if follow else [view]
            self._show()
            self._listing.choose(f"/{slot}")

    @work(exclusive=True, group="inspect")
    async def reload(self) -> None:
        """Show what has become of the object."""
        if self.shown is None:
            return
        view = await self._conversation.ask(ShowObject(Path((), self.shown.oid)), ObjectView)
        if view is not None and view != self.shown:
            self._trail[-1] = view
            self._show()

    def take_focus(self) -> None:
        """Let the next key move among the slots."""
        self._listing.take_focus()

    def current_text(self) -> str:
        """Return the value or source on the screen."""
        slot = self.slot
        if slot is None:
            return ""
        return slot.method.source if slot.method is not None else str(slot_text(slot, self._names.shown))

    def action_back(self) -> None:
        if self._detail.has_focus:
            self._listing.take_focus()
        elif len(self._trail) > 1:
            self._trail.pop()
            self._show()
        else:
            self.post_message(self.Left())

    def action_focus_detail(self) -> None:
        if self._detail.has_focus:
            self._listing.take_focus()
        else:
            focus_now(self._detail)

    def on_listing_highlighted(self, event: Listing.Highlighted) -> None:
        event.stop()
        self._show_detail(event.row)

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        event.stop()
        if target := self._targets.get(event.row):
            self.open(Path((), target.oid), follow=True)
        else:
            focus_now(self._detail)

    def _show(self) -> None:
        view = self._trail[-1]
        for step in self._trail:
            self._names.take_view(step)
        names = " → ".join(self._names.shown(Ref(step.oid)) for step in self._trail)
        self._way.update(Content.assemble((names, "bold"), (f"  {Ref(view.oid)}", "$muted")), layout=False)
        self._slots, self._targets = {}, {}
        self._listing.show(list(self._rows(view)))
        self._show_detail(self._listing.row)

    def _rows(self, view: ObjectView) -> Iterator[Row]:
        for holder, slots in groupby(view.slots, key=lambda slot: slot.holder):
            if holder:
                yield Row(f"/{holder}", (Content.styled(f"from {holder}", "$muted"),), heading=True)
            for slot in slots:
                yield from self._slot_rows(slot)

    def _slot_rows(self, slot: SlotView) -> Iterator[Row]:
        row = f"{slot.holder}/{slot.name}"
        self._slots[row] = slot
        yield Row(
            row, (mark(slot), Content(slot.name), Content.styled(summary(slot, self._names.shown), "$muted"))
        )
        if isinstance(slot.value, Ref):
            self._targets[row] = slot.value
            return
        for number, (label, ref) in enumerate(references(slot.value)):
            if number == _MOST_REFERENCES:
                return
            inner = f"{row}{label}"
            self._slots[inner], self._targets[inner] = slot, ref
            target = Content.styled(self._names.shown(ref), "$muted")
            yield Row(inner, (Content("→"), Content(f"  {label}"), target))

    def _show_detail(self, row: str) -> None:
        slot = self._slots.get(row)
        text = slot_text(slot, self._names.shown) if slot is not None else Content("")
        # What is read again and found unchanged is neither drawn anew nor scrolled away from its reader.
        told = (self.shown.oid if self.shown is not None else 0, row, slot, text.plain)
        if told == self._told:
            return
        self._told = told
        self._detail_text.update(text)
        self._detail.scroll_home(animate=False)
        if slot is not None and slot.kind == "method":
            self._tell_story(slot)

    @work(exclusive=True, group="story")
    async def _tell_story(self, slot: SlotView) -> None:
        """Add what stands behind a method, which is asked for only once somebody looks at it."""
        if self.shown is None:
            return
        path = Path((slot.name,), self.shown.oid)
        story = await self._conversation.ask(ShowMethod(path), MethodStory)
        if story is not None and slot == self.slot:
            text = [slot_text(slot), story_text(story)]
            self._detail_text.update(Content("\n").join(text).rstrip())
