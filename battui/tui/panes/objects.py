"""The objects of the image: the lobby's and battui's own, and an inspector beside them."""

from __future__ import annotations

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from battui.contracts.commands import ListObjects, Path, Read
from battui.contracts.errors import BattuiError, UsageError
from battui.contracts.message_line import parse_line
from battui.contracts.replies import ObjectList
from battui.tui.conversation import Conversation
from battui.tui.editing import Editing
from battui.tui.keys import bindings
from battui.tui.news import News
from battui.tui.pace import Pace
from battui.tui.panes.object_edits import ObjectEdits
from battui.tui.requests import OpenHistory, OpenMission, WriteLine
from battui.tui.screens.texts import text
from battui.tui.widgets.find_line import FindLine
from battui.tui.widgets.focus import focus_now
from battui.tui.widgets.object_tree import ObjectTree

PAUSE = 0.5
"""Seconds between two readings of objects while they keep changing."""

PAGE = 200
"""Objects of the lobby that are asked for at once."""


class ObjectsPane(ObjectEdits):
    """A tree of objects beside an inspector. Enter opens an object there."""

    BINDINGS = bindings("objects")

    class Listed(Message):
        """The objects of the image are known, or have changed."""

    def __init__(self, conversation: Conversation, editing: Editing) -> None:
        super().__init__(conversation, editing)
        self._tree = ObjectTree(conversation, self.names)
        self._find = FindLine("name, path.to.it or @number", id="object-find")
        self._needle = ""
        self._welcome = Static(Content.from_markup(text("welcome")), id="welcome")
        self.listed = ObjectList()
        self._known = False
        self._pace = Pace(self, PAUSE, self._reload)

    def compose(self) -> ComposeResult:
        with Vertical(classes="tree"):
            yield self._find
            yield self._tree
        with Container(classes="beside"):
            yield self._welcome
            yield self.inspector

    def on_mount(self) -> None:
        self.reload()

    def take_focus(self) -> None:
        if self.has_class("-detail"):
            self.inspector.take_focus()
        else:
            focus_now(self._tree)
            self._tree.look()

    def current_text(self) -> str:
        return self.inspector.current_text()

    def undo_target(self) -> str:
        slot = self.inspector.slot
        return slot.method.mission if slot is not None and slot.method is not None else ""

    def go_back(self) -> None:
        if self._find.display:
            self._find.close()
        self.remove_class("-detail")
        focus_now(self._tree)

    @property
    def is_empty(self) -> bool:
        """Whether it is known that nobody has made an object here yet."""
        return self._known and all(known.system for known in self.listed.objects)

    def open(self, path: Path) -> None:
        """Show the object at `path` in the inspector."""
        self.inspector.open(path)
        self.add_class("-detail")
        self.inspector.take_focus()

    def begin_at(self, oid: int) -> None:
        """Put the cursor there once the objects are known, if the object is one of the list."""
        self._tree.first = oid

    def on_news(self, news: News) -> None:
        if news.has("object", "installed", "answer"):
            self.refresh_soon()

    def refresh_soon(self) -> None:
        """Read objects again, as often as it may be asked for."""
        self._pace.ask()

    def _reload(self) -> None:
        self.reload()
        self.inspector.reload()

    @work(exclusive=True, group="objects")
    async def reload(self) -> None:
        """Read the objects again that are listed; the tree keeps its open branches where nothing changed."""
        if self._needle:
            await self._narrow()
            return
        listed = sum(not known.system for known in self.listed.objects)
        # As many as there are already, and one page for those that come.
        reply = await self._conversation.ask(ListObjects(limit=max(PAGE, listed)), ObjectList)
        if reply is not None and not (self._known and reply == self.listed):
            self._take(reply)

    def _take(self, listed: ObjectList) -> None:
        self.listed, self._known = listed, True
        self.names.take_list(listed.objects)
        self._tree.show(listed)
        self.set_class(self.is_empty, "-empty")
        self.post_message(self.Listed())

    async def _narrow(self) -> None:
        """Show what has the words in its name or number; of a path, its first name counts."""
        words = self._needle.partition(".")[0]
        found = await self._conversation.ask(ListObjects(limit=PAGE, matching=words), ObjectList)
        if found is not None:
            self._tree.show(found, anew=True)

    @work(exclusive=True, group="objects")
    async def on_object_tree_wants_more(self) -> None:
        listed = self.listed
        if not listed.next or self._needle:
            return
        page = await self._conversation.ask(ListObjects(limit=PAGE, start=listed.next), ObjectList)
        if page is not None:
            bound = [known for known in listed.objects if not known.system]
            own = [known for known in listed.objects if known.system]
            self._take(ObjectList((*bound, *page.objects, *own), page.next))

    def on_object_tree_looked(self, event: ObjectTree.Looked) -> None:
        # A cursor that moves because the tree was filled anew takes nobody away from what was opened.
        if self._tree.has_focus or self.inspector.shown is None:
            self.inspector.open(Path((), event.oid))

    def on_object_tree_chosen(self, event: ObjectTree.Chosen) -> None:
        # The cursor may have gone there a moment ago, and the inspector shows it already.
        shown = self.inspector.shown
        if shown is None or shown.oid != event.oid:
            self.inspector.open(Path((), event.oid))
        self.add_class("-detail")
        self.inspector.take_focus()

    def on_inspector_left(self) -> None:
        self.go_back()

    def action_find(self) -> None:
        self.remove_class("-detail")
        self._find.open()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        needle = event.value.strip()
        if needle != self._needle:
            self._needle = needle
            self._list_anew()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        written = event.value.strip()
        self._find.close()
        # At once, for the next key is meant for the object.
        focus_now(self._tree)
        if written:
            self._go(written)

    @work(exclusive=True, group="objects")
    async def _list_anew(self) -> None:
        if self._needle:
            await self._narrow()
        else:
            self._tree.show(self.listed, anew=True)

    @work(exclusive=True, group="go")
    async def _go(self, written: str) -> None:
        found = await self._found(written)
        if found is not None:
            if found.oid:
                self._tree.go_to(found.oid)
            self.open(found)

    async def _found(self, written: str) -> Path | None:
        """A path as it is written, or else the first object whose name has it in it."""
        if "." not in written and not written.startswith("@"):
            reply = await self._conversation.ask(ListObjects(limit=PAGE, matching=written), ObjectList)
            matching = reply.objects if reply is not None else ()
            if matching and written not in (known.name for known in matching):
                return Path((), matching[0].oid)
        try:
            return _path(written)
        except BattuiError as error:
            self.notify(str(error), severity="error", markup=False)
            return None

    def action_send(self) -> None:
        name = self.called()
        slot = self.inspector.slot
        if not name:
            return
        if slot is not None and slot.method is not None:
            arguments = ", ".join(f"{parameter}=" for parameter in slot.method.parameters)
            self.post_message(
                WriteLine(f"{name}.{slot.name}({arguments})", back=_to_first(slot.method.parameters))
            )
        else:
            self.post_message(WriteLine(f"{name}."))

    def action_history(self) -> None:
        if self.inspector.shown is not None:
            self.post_message(OpenHistory(self.inspector.shown.oid, self.called()))

    def action_mission(self) -> None:
        if mission := self.undo_target():
            self.post_message(OpenMission(mission))
        else:
            self.notify(
                "Choose a method that was learned; its mission says why it is so.", severity="warning"
            )


def _path(written: str) -> Path:
    command = parse_line(written)
    if not isinstance(command, Read):
        raise UsageError("this is no path", about=written, remedy="Write it like account.owner or @1f.")
    return command.path


def _to_first(parameters: tuple[str, ...]) -> int:
    """How far before the end of `(first=, second=)` the first value stands."""
    return 1 + sum(len(f", {name}=") for name in parameters[1:]) if parameters else 0
