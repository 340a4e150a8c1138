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
from battui.contracts.values import Ref
from battui.tui.conversation import Conversation
from battui.tui.keys import bindings
from battui.tui.news import News
from battui.tui.object_names import ObjectNames
from battui.tui.pace import Pace
from battui.tui.panes.pane import Pane
from battui.tui.requests import OpenHistory, OpenMission, WriteLine
from battui.tui.screens.texts import text
from battui.tui.values import pretty
from battui.tui.widgets.find_line import FindLine
from battui.tui.widgets.focus import focus_now
from battui.tui.widgets.inspector import Inspector
from battui.tui.widgets.object_tree import ObjectTree

PAUSE = 0.5
"""Seconds between two readings of objects while they keep changing."""


class ObjectsPane(Pane):
    """A tree of objects beside an inspector. Enter opens an object there."""

    BINDINGS = bindings("objects")

    class Listed(Message):
        """The objects of the image are known, or have changed."""

    def __init__(self, conversation: Conversation) -> None:
        super().__init__(id="objects-pane")
        self._conversation = conversation
        self.names = ObjectNames()
        self._tree = ObjectTree(conversation, self.names)
        self._find = FindLine("name, path.to.it or @number", id="object-find")
        self.inspector = Inspector(conversation, self.names)
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
        """Read the list of objects again; the tree keeps its open branches where nothing changed."""
        reply = await self._conversation.ask(ListObjects(), ObjectList)
        if reply is None or (self._known and reply == self.listed):
            return
        self.listed, self._known = reply, True
        self.names.take_list(reply.objects)
        self._tree.show(reply.objects)
        self.set_class(self.is_empty, "-empty")
        self.post_message(self.Listed())

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
        self._tree.narrow(event.value.strip())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        found = self._found(event.value.strip())
        if found is not None and found.oid:
            self._tree.first = found.oid
        self._find.close()
        if found is not None:
            self.open(found)
        else:
            focus_now(self._tree)

    def _found(self, written: str) -> Path | None:
        """A path as it is written, or else the first object whose name has it in it."""
        is_path = "." in written or written.startswith("@")
        matching = self._tree.matching(written) if written and not is_path else []
        if matching and written not in (known.name for known in matching):
            return Path((), matching[0].oid)
        if not written:
            return None
        try:
            return _path(written)
        except BattuiError as error:
            self.notify(str(error), severity="error", markup=False)
            return None

    def action_send(self) -> None:
        name = self._called()
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

    def action_edit(self) -> None:
        name, slot = self._called(), self.inspector.slot
        if not name or slot is None or slot.kind == "primitive":
            return
        if slot.kind != "data":
            self.notify("Only a data slot is written; a method is taught anew.", severity="warning")
            return
        value = slot.text if slot.value is None else pretty(slot.value, 10_000, self.names.shown)
        self.post_message(WriteLine(f"{name}.{slot.name} = {value}"))

    def action_history(self) -> None:
        if self.inspector.shown is not None:
            self.post_message(OpenHistory(self.inspector.shown.oid, self._called()))

    def action_mission(self) -> None:
        if mission := self.undo_target():
            self.post_message(OpenMission(mission))
        else:
            self.notify(
                "Choose a method that was learned; its mission says why it is so.", severity="warning"
            )

    def _called(self) -> str:
        shown = self.inspector.shown
        return self.names.shown(Ref(shown.oid)) if shown is not None else ""


def _path(written: str) -> Path:
    command = parse_line(written)
    if not isinstance(command, Read):
        raise UsageError("this is no path", about=written, remedy="Write it like account.owner or @1f.")
    return command.path


def _to_first(parameters: tuple[str, ...]) -> int:
    """How far before the end of `(first=, second=)` the first value stands."""
    return 1 + sum(len(f", {name}=") for name in parameters[1:]) if parameters else 0
