"""The objects of the image: the lobby's and battui's own, and an inspector beside them."""

from __future__ import annotations

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static, Tree
from textual.widgets.tree import TreeNode

from battui.contracts.commands import ListObjects, Path, ShowObject
from battui.contracts.replies import ObjectList, ObjectSummary, ObjectView
from battui.contracts.values import Ref
from battui.tui.conversation import Conversation
from battui.tui.news import News
from battui.tui.panes.pane import Pane
from battui.tui.screens.texts import text
from battui.tui.widgets.focus import focus_now
from battui.tui.widgets.inspector import Inspector


class ObjectsPane(Pane):
    """A tree of objects that fills as one opens it. Enter opens an object in the inspector."""

    def __init__(self, conversation: Conversation) -> None:
        super().__init__(id="objects-pane")
        self._conversation = conversation
        self._tree: Tree[int] = Tree("image")
        self._inspector = Inspector(conversation)
        self._welcome = Static(Content.from_markup(text("welcome")), id="welcome")
        self._listed: tuple[ObjectSummary, ...] | None = None

    def compose(self) -> ComposeResult:
        self._tree.show_root = False
        self._tree.auto_expand = False
        self._tree.guide_depth = 2
        yield self._tree
        with Container(classes="beside"):
            yield self._welcome
            yield self._inspector

    def on_mount(self) -> None:
        self._lobby = self._tree.root.add("lobby", expand=True)
        self._system = self._tree.root.add("image")
        self.reload()

    def take_focus(self) -> None:
        if self.has_class("-detail"):
            self._inspector.take_focus()
        else:
            focus_now(self._tree)

    def current_text(self) -> str:
        return self._inspector.current_text()

    def undo_target(self) -> str:
        slot = self._inspector.slot
        return slot.method.mission if slot is not None and slot.method is not None else ""

    def go_back(self) -> None:
        self.remove_class("-detail")
        focus_now(self._tree)

    def on_news(self, news: News) -> None:
        if news.has("object", "installed"):
            self.reload()
            self._inspector.reload()

    @work(exclusive=True, group="objects")
    async def reload(self) -> None:
        """Read the list of objects again; the tree keeps its open branches where nothing changed."""
        reply = await self._conversation.ask(ListObjects(), ObjectList)
        if reply is None or reply.objects == self._listed:
            return
        self._listed = reply.objects
        self._fill(self._lobby, [known for known in reply.objects if not known.system])
        self._fill(self._system, [known for known in reply.objects if known.system])
        self.set_class(not self._lobby.children, "-empty")
        if self._tree.cursor_line <= 0 and self._lobby.children:
            self.call_after_refresh(self._tree.move_cursor, self._lobby.children[0])

    def _fill(self, branch: TreeNode[int], objects: list[ObjectSummary]) -> None:
        known = {node.data: node for node in branch.children}
        wanted = {summary.oid: summary for summary in objects}
        for oid, node in known.items():
            if oid not in wanted:
                node.remove()
        for summary in objects:
            if summary.oid in known:
                known[summary.oid].set_label(_label(summary))
            else:
                branch.add(_label(summary), data=summary.oid)

    async def on_tree_node_expanded(self, event: Tree.NodeExpanded[int]) -> None:
        if event.node.data is not None and not event.node.children:
            self._grow(event.node)

    @work(group="grow")
    async def _grow(self, node: TreeNode[int]) -> None:
        assert node.data is not None
        view = await self._conversation.ask(ShowObject(Path((), node.data)), ObjectView)
        # Who opens and closes a branch quickly asks twice before the first answer.
        if view is None or node.children:
            return
        for slot in view.slots:
            if isinstance(slot.value, Ref) and not slot.holder:
                node.add(Text.assemble(slot.name, (f"  {slot.text}", "dim")), data=slot.value.oid)
        node.allow_expand = bool(node.children)

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[int]) -> None:
        if event.node.data is not None:
            self._inspector.open(Path((), event.node.data))

    def on_tree_node_selected(self, event: Tree.NodeSelected[int]) -> None:
        if event.node.data is None:
            event.node.toggle()
            return
        self.add_class("-detail")
        self._inspector.take_focus()

    def on_inspector_left(self) -> None:
        self.go_back()


def _label(summary: ObjectSummary) -> Text:
    count = f"  {summary.methods} ƒ" if summary.methods else ""
    return Text.assemble(summary.name or str(Ref(summary.oid)), (count, "dim"))
