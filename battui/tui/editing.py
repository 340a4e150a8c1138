"""Texts that a person writes anew: in place, or in their own editor first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from textual.app import App

from battui.contracts.commands import Command
from battui.contracts.errors import BattuiError
from battui.tui.conversation import Conversation
from battui.tui.screens.edit import Draft, EditScreen

Elsewhere: TypeAlias = Callable[[str, str, Sequence[str]], str | None]
"""Has the user edit a text in a file of that name, with notes above it; None where nothing came of it."""

Take: TypeAlias = Callable[[str], Awaitable[str]]
"""Takes a text; answers why it is refused, or nothing."""


class Editing:
    """Sees a draft through until it is taken or given up."""

    def __init__(self, conversation: Conversation, elsewhere: Elsewhere) -> None:
        self._conversation = conversation
        self._elsewhere = elsewhere

    async def begin(self, app: App[int], draft: Draft, take: Take, *, elsewhere: bool) -> None:
        """Let the user edit; with `elsewhere` in their own editor, and here only what is refused then."""
        if elsewhere:
            written = self._in_editor(draft, draft.text)
            refusal = await take(written) if written is not None else ""
            if written is None or not refusal:
                return
            draft = replace(draft, text=written, refusal=f"✗ {refusal}")
        await app.push_screen_wait(EditScreen(draft, take, lambda text: self._in_editor(draft, text)))

    async def order(self, command: Command) -> str:
        """Perform `command`; why it was refused, or nothing."""
        try:
            await self._conversation.submit(command)
        except BattuiError as error:
            return str(error)
        return ""

    def _in_editor(self, draft: Draft, text: str) -> str | None:
        return self._elsewhere(text, draft.file, draft.notes)
