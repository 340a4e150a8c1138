"""The tree of objects. Branches fill as one opens them, and long ones show their beginning."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import work
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from battui.contracts.commands import Path, ShowObject
from battui.contracts.replies import ObjectSummary, ObjectView
from battui.contracts.values import Ref
from battui.tui.conversation import Conversation
from battui.tui.object_names import ObjectNames

MOST_SHOWN = 500
"""Objects of one branch; a line says how many there are besides, and a search finds them."""


class ObjectTree(Tree[int]):
    """The lobby's objects, then the image's own. A node's data is its oid."""

    class Looked(Message):
        """The cursor is on an object."""

        def __init__(self, oid: int) -> None:
            super().__init__()
            self.oid = oid

    class Chosen(Looked):
        """An object was opened with enter or the mouse."""

    def __init__(self, conversation: Conversation, names: ObjectNames) -> None:
        super().__init__("image")
        self._conversation = conversation
        self._object_names = names
        self._objects: tuple[ObjectSummary, ...] = ()
        self._needle = ""
        self.first = 0

    def on_mount(self) -> None:
        self.show_root = False
        self.auto_expand = False
        self.guide_depth = 2
        self._lobby = self.root.add("lobby", expand=True)
        self._system = self.root.add("image")

    def show(self, objects: Sequence[ObjectSummary]) -> None:
        """Show these objects; nodes that stay keep their open branches."""
        self._objects = tuple(objects)
        found = self.matching(self._needle)
        self._fill(self._lobby, [known for known in found if not known.system])
        self._fill(self._system, [known for known in found if known.system])
        if self.cursor_line <= 0 and self._lobby.children:
            self.call_after_refresh(self.move_cursor, self._first())

    def _first(self) -> TreeNode[int]:
        for branch in (self._lobby, self._system):
            for node in branch.children:
                if node.data == self.first:
                    branch.expand()
                    return node
        return self._lobby.children[0]

    def look(self) -> None:
        """Say again which object the cursor is on."""
        node = self.cursor_node
        if node is not None and node.data is not None:
            self.post_message(self.Looked(node.data))

    def narrow(self, needle: str) -> None:
        """Show only objects with `needle` in their name or number."""
        if needle == self._needle:
            return
        self._needle = needle
        for branch in (self._lobby, self._system):
            # Filled anew, for what comes back later has its old place.
            branch.remove_children()
        if needle:
            self._system.expand()
        self.show(self._objects)

    def matching(self, needle: str) -> list[ObjectSummary]:
        """Return the objects with `needle` in their name or number; of a path, its first name counts."""
        first = needle.casefold().partition(".")[0]
        return [known for known in self._objects if first in f"{known.name} {Ref(known.oid)}".casefold()]

    def _fill(self, branch: TreeNode[int], objects: list[ObjectSummary]) -> None:
        wanted = {summary.oid: summary for summary in objects[:MOST_SHOWN]}
        kept = {}
        for node in list(branch.children):
            if node.data in wanted:
                kept[node.data] = node
            else:
                node.remove()
        for oid, summary in wanted.items():
            if oid in kept:
                kept[oid].set_label(_label(summary))
            else:
                branch.add(_label(summary), data=oid)
        if more := len(objects) - len(wanted):
            branch.add_leaf(Text(f"{more} more: / finds them", "dim"))

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[int]) -> None:
        event.stop()
        if event.node.data is not None and not event.node.children:
            self._grow(event.node)

    @work(group="grow")
    async def _grow(self, node: TreeNode[int]) -> None:
        assert node.data is not None
        view = await self._conversation.ask(ShowObject(Path((), node.data)), ObjectView)
        # Who opens and closes a branch quickly asks twice before the first answer.
        if view is None or node.children:
            return
        self._object_names.take_view(view)
        for slot in view.slots:
            if isinstance(slot.value, Ref) and not slot.holder:
                label = Text.assemble(slot.name, (f"  {self._object_names.shown(slot.value)}", "dim"))
                node.add(label, data=slot.value.oid)
        node.allow_expand = bool(node.children)

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[int]) -> None:
        event.stop()
        if event.node.data is not None:
            self.post_message(self.Looked(event.node.data))

    def on_tree_node_selected(self, event: Tree.NodeSelected[int]) -> None:
        event.stop()
        if event.node.data is not None:
            self.post_message(self.Chosen(event.node.data))
        elif event.node.allow_expand:
            event.node.toggle()


def _label(summary: ObjectSummary) -> Text:
    count = f"  {summary.methods} ƒ" if summary.methods else ""
    return Text.assemble(summary.name or str(Ref(summary.oid)), (count, "dim"))
