"""Why a proposed method is not wanted, asked before it is rejected."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from battui.tui.values import one_line


class ReasonScreen(ModalScreen[str]):
    """One line of text; enter answers it, escape answers nothing."""

    BINDINGS = [("escape", "dismiss", "Back")]  # noqa: RUF012  # Textual's interface

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._input = Input(placeholder="What should the method do instead?", compact=True)

    def compose(self) -> ComposeResult:
        with Vertical(id="reason"):
            yield Static(Content.styled(f"Reject {one_line(self._title)}", "bold"))
            yield Static(Content.styled("The model reads the reason before it tries again.", "$muted"))
            yield self._input

    def on_mount(self) -> None:
        self._input.cursor_blink = False
        self._input.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if reason := event.value.strip():
            self.dismiss(reason)
