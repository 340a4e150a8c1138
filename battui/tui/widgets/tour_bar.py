"""The next line of the tour, with what it does."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from battui.tui.tour import Tour


class TourBar(Static):
    """There only while the tour goes on."""

    def on_mount(self) -> None:
        self.display = False

    def show(self, tour: Tour, message_key: str, complete_key: str) -> None:
        """Show the step that is offered, or nothing."""
        step = tour.step
        self.display = step is not None
        if step is not None:
            keys = Content.assemble((message_key, "bold $accent"), " then ", (complete_key, "bold $accent"))
            self.update(
                Content.assemble(
                    (f"First steps, {tour.progress}: ", "bold"),
                    keys,
                    " writes ",
                    (step.line, "$text-primary"),
                    "\n",
                    (step.says, "$muted"),
                )
            )
