"""Says, wherever one is, that methods wait for approval."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.widgets import Static

from battui.contracts.replies import APPROVAL
from battui.tui.mission_book import MissionPage
from battui.tui.values import one_line


class WaitingBar(Static):
    """There only while something waits; a click goes to it, like its key."""

    def __init__(self, key_of: Callable[[str], str]) -> None:
        super().__init__()
        self._key_of = key_of
        self.display = False

    def show(self, waiting: Sequence[MissionPage]) -> None:
        """Name what waits longest, and how many there are."""
        self.display = bool(waiting)
        if waiting:
            view = min((page.view for page in waiting), key=lambda view: view.started_at)
            more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
            waits = "waits" if len(waiting) == 1 else "wait"
            self.update(
                Content.assemble(
                    f"▲ {one_line(view.title)}{more} {waits} for {APPROVAL}: ",
                    (self._key_of("app.waiting"), "bold"),
                    " shows it",
                )
            )

    async def on_click(self) -> None:
        await self.run_action("app.show_waiting")


def missions_label(count: int, waiting: bool) -> Content:
    """Return the title of the missions' tab: how many are open, and whether one waits."""
    mark = ((" ▲", "bold $text-warning"),) if waiting else ()
    return Content.assemble(f"Missions {count}" if count else "Missions", *mark)
