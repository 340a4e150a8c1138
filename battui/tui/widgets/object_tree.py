"""The tree of objects. Branches fill as one opens them, and the lobby as one comes to its end."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import work
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from battui.contracts.commands import Path, ShowObject
from battui.contracts.replies import ObjectList, ObjectSummary, ObjectView
from battui.contracts.values import Ref
from battui.tui.conversation import Conversation
from battui.tui.object_names import ObjectNames


class ObjectTree(Tree[int]):
    """The lobby's objects, then the image's own. A node's data is its oid."""

    class Looked(Message):
        """The cursor is on an object."""

        def __init__(self, oid: int) -> None:
            super().__init__()
            self.oid = oid

    class WantsMore(Message):
        """The cursor has come to the end of what is listed, and there is more."""

    class Chosen(Looked):
        """An object was opened with enter or the mouse."""

    def __init__(self, conversation: Conversation, names: ObjectNames) -> None:
        super().__init__("image")
        self._conversation = conversation
        self._object_names = names
        self.first = 0

    def on_mount(self) -> None:
        self.show_root = False
        self.auto_expand = False
        self.guide_depth = 2
        self._lobby = self.root.add("lobby", expand=True)
        self._system = self.root.add("image")

    def show(self, listed: ObjectList, *, anew: bool = False) -> None:
        """Show these objects. Nodes that stay keep their open branches; with `anew` the cursor goes to the first."""
        looked_at = self.cursor_node
        self._fill(self._lobby, [known for known in listed.objects if not known.system], bool(listed.next))
        self._fill(self._system, [known for known in listed.objects if known.system], False)
        if anew and not self._lobby.children:
            self._system.expand()
        if (anew or self.cursor_line <= 0) and (first := self._first()) is not None:
            self.call_after_refresh(self.move_cursor, first)
        elif looked_at is not None and looked_at.parent is not None:
            # What comes in above it moves its line.
            self.call_after_refresh(self._return_to, looked_at)

    def _return_to(self, node: TreeNode[int]) -> None:
        if node.parent is not None and node in node.parent.children:
            self.move_cursor(node)

    def go_to(self, oid: int) -> None:
        """Put the cursor on an object, now or when it is shown."""
        self.first = oid
        if (node := self._first()) is not None and node.data == oid:
            self.call_after_refresh(self.move_cursor, node)

    def _first(self) -> TreeNode[int] | None:
        for branch in (self._lobby, self._system):
            for node in branch.children:
                if node.data == self.first:
                    branch.expand()
                    return node
        return next((branch.children[0] for branch in (self._lobby, self._system) if branch.children), None)

    def look(self) -> None:
        """Say again which object the cursor is on."""
        node = self.cursor_node
        if node is not None and node.data is not None:
            self.post_message(self.Looked(node.data))

    def _fill(self, branch: TreeNode[int], objects: Sequence[ObjectSummary], more: bool) -> None:
        """Let the branch have these nodes in this order; those that it has already stay what they are."""
        wanted = {summary.oid for summary in objects}
        kept = {}
        for node in list(branch.children):
            if node.data in wanted:
                kept[node.data] = node
            else:
                node.remove()
        for place, summary in enumerate(objects):
            label = _label(summary)
            if summary.oid not in kept:
                branch.add(label, data=summary.oid, before=place if kept else None)
            elif str(kept[summary.oid].label) != label.plain:
                kept[summary.oid].set_label(label)
        if more:
            branch.add_leaf(Text("more …  / finds any", "dim"))

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
        elif not event.node.allow_expand:
            self.post_message(self.WantsMore())

    def on_tree_node_selected(self, event: Tree.NodeSelected[int]) -> None:
        event.stop()
        if event.node.data is not None:
            self.post_message(self.Chosen(event.node.data))
        elif event.node.allow_expand:
            event.node.toggle()


def _label(summary: ObjectSummary) -> Text:
    count = f"  {summary.methods} ƒ" if summary.methods else ""
    return Text.assemble(summary.name or str(Ref(summary.oid)), (count, "dim"))
