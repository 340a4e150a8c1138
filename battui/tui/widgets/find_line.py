"""A line for what to find or filter, which is there while one needs it."""

from __future__ import annotations

from textual.widgets import Input

from battui.tui.widgets.focus import focus_now


class FindLine(Input):
    """Hidden until opened; closing it forgets what was written."""

    def __init__(self, placeholder: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(placeholder=placeholder, compact=True, select_on_focus=False, id=id)
        self.display = False
        self.cursor_blink = False

    def open(self) -> None:
        """Let the next key be written here."""
        self.display = True
        focus_now(self)

    def close(self) -> None:
        """Forget and hide."""
        self.value = ""
        self.display = False
