"""Undo and redo: an undo is a transaction, and taking it back is the redo."""

from __future__ import annotations

from battui.contracts.commands import Undo
from battui.contracts.replies import Answer
from battui.tui.conversation import Conversation


class Undoing:
    """Remembers what was taken back on this screen."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._undone: list[str] = []

    async def undo(self, target: str) -> str:
        """Take back a mission or transaction; what to say of it, or nothing where it failed."""
        answer = await self._conversation.ask(Undo(target), Answer)
        if answer is None:
            return ""
        if isinstance(answer.value, str):
            self._undone.append(answer.value)
        return answer.text or "Taken back."

    async def redo(self) -> str:
        """Take back the last undo."""
        if not self._undone:
            return "There is no undo to take back."
        answer = await self._conversation.ask(Undo(self._undone.pop()), Answer)
        return (answer.text or "Done again.") if answer is not None else ""
