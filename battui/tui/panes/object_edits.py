"""What a user writes anew of the object that is shown: a slot's value, or a method."""

from __future__ import annotations

from textual import work

from battui.contracts.commands import EditMethod, Path, Write
from battui.contracts.errors import BattuiError, UsageError
from battui.contracts.message_line import parse_line
from battui.contracts.methods import FindSelector, SelectorUses
from battui.contracts.replies import ObjectView, SlotView
from battui.contracts.values import Ref
from battui.tui.conversation import Conversation
from battui.tui.editing import Editing
from battui.tui.object_names import ObjectNames
from battui.tui.panes.pane import Pane
from battui.tui.screens.edit import Draft
from battui.tui.screens.uses import UsesScreen
from battui.tui.values import pretty
from battui.tui.widgets.inspector import Inspector

_SLOT_NOTE = "A number, a text in quotes, a list, a dictionary, True, False, None, or the name of an object."
_METHOD_NOTE = "What is saved is reviewed, tried on what was recorded of it, and becomes the next version."


class ObjectEdits(Pane):
    """A pane with an inspector, whose chosen slot is edited, or followed to all who send it."""

    def __init__(self, conversation: Conversation, editing: Editing) -> None:
        super().__init__(id="objects-pane")
        self._conversation = conversation
        self._editing = editing
        self.names = ObjectNames()
        self.inspector = Inspector(conversation, self.names)

    def called(self) -> str:
        """What people call the object that is shown; empty where none is."""
        shown = self.inspector.shown
        return self.names.shown(Ref(shown.oid)) if shown is not None else ""

    def action_edit(self) -> None:
        self._edit(elsewhere=False)

    def action_edit_elsewhere(self) -> None:
        self._edit(elsewhere=True)

    def _edit(self, *, elsewhere: bool) -> None:
        shown, slot = self.inspector.shown, self.inspector.slot
        if shown is None or slot is None:
            self.notify("Choose a slot or a learned method of an object first.", severity="warning")
        elif slot.kind == "primitive":
            self.notify("This is battui's own; only what was learned is written anew.", severity="warning")
        elif slot.kind == "method":
            self._write_method(shown, slot, elsewhere)
        else:
            self._write_slot(slot, elsewhere)

    @work(exclusive=True, group="edit")
    async def _write_method(self, shown: ObjectView, slot: SlotView, elsewhere: bool) -> None:
        assert slot.method is not None
        command = EditMethod(Path((slot.name,), shown.oid), "")
        title = f"{slot.holder or self.called()}.{slot.name}"

        async def take(source: str) -> str:
            refusal = await self._editing.order(EditMethod(command.path, source))
            if not refusal:
                self.notify(f"{title} has a next version.", markup=False)
            return refusal

        intent = (slot.method.intent,) if slot.method.intent else ()
        draft = Draft(title, slot.method.source, "method.py", (*intent, _METHOD_NOTE))
        await self._editing.begin(self.app, draft, take, elsewhere=elsewhere)

    @work(exclusive=True, group="edit")
    async def _write_slot(self, slot: SlotView, elsewhere: bool) -> None:
        title = f"{self.called()}.{slot.name}"

        async def take(text: str) -> str:
            try:
                command = _written(title, text)
            except BattuiError as error:
                return str(error)
            refusal = await self._editing.order(command)
            if not refusal:
                self.notify(f"{title} is written.", markup=False)
                self.inspector.reload()
            return refusal

        own = (f"It is inherited from {slot.holder}; this gives the object its own.",) if slot.holder else ()
        value = slot.text if slot.value is None else pretty(slot.value, shown=self.names.shown)
        draft = Draft(title, value, "value.py", (*own, _SLOT_NOTE))
        await self._editing.begin(self.app, draft, take, elsewhere=elsewhere)

    @work(exclusive=True, group="uses")
    async def action_uses(self) -> None:
        slot = self.inspector.slot
        if slot is None or slot.kind == "parent":
            self.notify("Choose a method or a slot first; its name is the message.", severity="warning")
            return
        uses = await self._conversation.ask(FindSelector(slot.name), SelectorUses)
        if uses is None:
            return
        place = await self.app.push_screen_wait(UsesScreen(uses))
        if place is not None:
            self.inspector.open(Path((), place.oid), follow=True, slot=place.slot)
            self.inspector.take_focus()


def _written(path: str, text: str) -> Write:
    """The command that `path = text` stands for; a parent slot has no such line."""
    parents = path.endswith("*")
    command = parse_line(f"{path.removesuffix('*')} = {text.strip()}")
    if not isinstance(command, Write):
        raise UsageError("this is no slot", about=path, remedy="Write a value.")
    if not parents:
        return command
    names = command.path.names
    return Write(Path((*names[:-1], f"{names[-1]}*"), command.path.oid), command.value)
