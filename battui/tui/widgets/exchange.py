"""One line and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from battui.contracts.errors import BattuiError, MethodRaised
from battui.contracts.replies import Answer, MissionView
from battui.tui.mission_book import MissionPage, is_open
from battui.tui.values import lasted, python
from battui.tui.widgets.mission_text import progress


@dataclass
class Exchange:
    """A line with an answer, an error, or a mission that is looking for the answer.

    `parks` says that the line was sent without waiting: an answer with a mission is then that mission's beginning.
    """

    line: str
    parks: bool = False
    answer: Answer | None = None
    error: BattuiError | None = None

    @property
    def mission(self) -> str:
        """The mission that has to find the answer, or has found it."""
        return self.answer.mission if self.answer is not None else ""

    def waits(self, page: MissionPage | None) -> bool:
        """Whether there is still something to come."""
        if self.error is not None:
            return False
        if self.answer is None:
            return True
        return self._left_to_mission and (page is None or is_open(page.view))

    @property
    def _left_to_mission(self) -> bool:
        return self.parks and bool(self.mission)

    def text(self, page: MissionPage | None, now: float) -> Content:
        """Return line and outcome; `page` is the mission's, if it is known."""
        return Content.assemble((f": {self.line}", "$muted"), "\n", self.outcome(page, now))

    def outcome(self, page: MissionPage | None, now: float) -> Content:
        """Return the outcome alone."""
        if self.error is not None:
            return _error(self.error)
        if self.answer is None:
            return Content.styled("◐ waiting for the kernel", "$muted")
        if not self._left_to_mission:
            return _answer(self.answer)
        return Content.styled("◐ a mission begins", "$text-warning") if page is None else _mission(page, now)


def _error(error: BattuiError) -> Content:
    sentence = Content.styled(f"✗ {error}", "$text-error")
    if isinstance(error, MethodRaised) and error.traceback:
        return Content.assemble(sentence, "\n", python(error.traceback))
    return sentence


def _answer(answer: Answer) -> Content:
    note = f"   learned by {answer.mission}" if answer.learned and answer.mission else ""
    text = answer.text or repr(answer.value)
    return Content.assemble(("= ", "$text-success"), text, (note, "$muted"))


def _mission(page: MissionPage, now: float) -> Content:
    view = page.view
    if is_open(view):
        return progress(page, now)
    if view.state == "FAILED":
        return Content.assemble(
            (f"✗ {view.failure or 'the mission failed'}", "$text-error"), (f"   {view.id}", "$muted")
        )
    return Content.assemble(("= ", "$text-success"), view.answer, (_learned(view, now), "$muted"))


def _learned(view: MissionView, now: float) -> str:
    return f"   {view.id}, {lasted(view.started_at, view.ended_at, now)}"
