"""What every tab has in common."""

from __future__ import annotations

from textual.containers import Container


class Pane(Container):
    """The inside of a tab."""

    def take_focus(self) -> None:
        """Put the cursor where work in this pane starts."""
        raise NotImplementedError

    def current_text(self) -> str:
        """Return what `copy` copies when nothing is selected."""
        return ""

    def go_back(self) -> None:
        """Leave a detail, if one is open."""

    def undo_target(self) -> str:
        """Return the mission or transaction that `undo` would take back, or nothing."""
        return ""
