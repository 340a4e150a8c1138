"""A text edited in place: a slot's value, a method, a mission's proposal."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from battui.tui.keys import bindings
from battui.tui.widgets.code_area import CodeArea
from battui.tui.widgets.focus import focus_now

_LINE = re.compile(r"\bline (\d+)\b")


@dataclass(frozen=True, slots=True)
class Draft:
    """A text to be edited: its title, the name of its file, what one should know, and why it was refused last."""

    title: str
    text: str
    file: str
    notes: tuple[str, ...] = ()
    refusal: str = ""


class EditScreen(ModalScreen[None]):
    """Closes once the text is taken. What is refused stays here, with the reason beneath it."""

    BINDINGS = bindings("editor")

    def __init__(
        self,
        draft: Draft,
        take: Callable[[str], Awaitable[str]],
        elsewhere: Callable[[str], str | None],
    ) -> None:
        """`take` says why the text is refused, or nothing; `elsewhere` has it edited in the user's own editor."""
        super().__init__()
        self._draft = draft
        self._take = take
        self._elsewhere = elsewhere
        self._text = CodeArea(draft.text.rstrip("\n"), id="text")
        self._verdict = Static(id="verdict")
        self._warned = False

    def compose(self) -> ComposeResult:
        notes = Content("\n").join([Content.styled(note, "$muted") for note in self._draft.notes])
        with Vertical(id="edit"):
            yield Static(Content.styled(self._draft.title, "bold"), id="edit-title")
            if self._draft.notes:
                yield Static(notes, id="edit-notes")
            yield self._text
            yield self._verdict
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._say(self._draft.refusal, "$text-error")
        focus_now(self._text)

    @work(exclusive=True, group="take")
    async def action_save(self) -> None:
        self._say("◐ it is looked at …", "$text-warning")
        refusal = await self._take(f"{self._text.text.rstrip()}\n")
        if refusal:
            self._say(f"✗ {refusal}", "$text-error")
            self._go_to(refusal)
        else:
            self.dismiss()

    def action_elsewhere(self) -> None:
        written = self._elsewhere(self._text.text)
        if written is not None:
            self._text.text = written.rstrip("\n")

    def action_leave(self) -> None:
        changed = self._text.text.rstrip() != self._draft.text.rstrip()
        if changed and not self._warned:
            self._warned = True
            self._say("Leave once more to throw away what you have written.", "$text-warning")
        else:
            self.dismiss()

    def on_text_area_changed(self) -> None:
        self._warned = False

    def _go_to(self, refusal: str) -> None:
        """Put the cursor where the reason says."""
        if match := _LINE.search(refusal):
            line = min(int(match.group(1)), self._text.document.line_count)
            self._text.move_cursor((line - 1, 0))

    def _say(self, words: str, style: str) -> None:
        self._verdict.update(Content.styled(words, style))
        self._verdict.display = bool(words)
