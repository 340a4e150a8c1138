"""What a user orders about the chosen mission: retry, cancel, approve, reject, edit."""

from __future__ import annotations

from typing import TypeAlias

from textual import work

from battui.contracts.commands import (
    ApproveMission,
    CancelMission,
    EditMission,
    RejectMission,
    RetryMission,
)
from battui.contracts.replies import MissionView
from battui.tui.conversation import Conversation
from battui.tui.editing import Editing
from battui.tui.mission_book import MissionPage
from battui.tui.panes.pane import Pane
from battui.tui.screens.edit import Draft
from battui.tui.screens.reason import ReasonScreen

Order: TypeAlias = RetryMission | CancelMission | ApproveMission | RejectMission


class MissionOrders(Pane):
    """A pane with a chosen mission, of which `page` knows everything."""

    def __init__(self, conversation: Conversation, editing: Editing, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._conversation = conversation
        self._editing = editing

    @property
    def page(self) -> MissionPage | None:
        """The chosen mission."""
        raise NotImplementedError

    def read(self, mission: str) -> object:
        """Ask how the mission stands now."""
        raise NotImplementedError

    def action_retry(self) -> None:
        if self.page is not None:
            self._order(RetryMission(self.page.view.id), "The mission starts again.")

    def action_cancel(self) -> None:
        if self.page is not None:
            self._order(CancelMission(self.page.view.id), "The mission is cancelled.")

    def action_approve(self) -> None:
        if view := self._proposing():
            self._order(ApproveMission(view.id), "The method is approved.")

    def action_reject(self) -> None:
        if view := self._proposing():
            self._reject(view)

    def action_edit(self) -> None:
        self._edit(elsewhere=False)

    def action_edit_elsewhere(self) -> None:
        self._edit(elsewhere=True)

    def _edit(self, *, elsewhere: bool) -> None:
        view = self.page.view if self.page is not None else None
        if view is None or not (view.proposal or (view.state == "FAILED" and view.kind != "question")):
            self.notify(
                "Only a method that waits for approval, or has failed, is edited.", severity="warning"
            )
            return
        self._write(view, elsewhere)

    @work(exclusive=True, group="edit")
    async def _write(self, view: MissionView, elsewhere: bool) -> None:
        draft = Draft(view.title, view.draft or view.proposal, "method.py", tuple(_notes(view)))

        async def take(source: str) -> str:
            refusal = await self._editing.order(EditMission(view.id, source))
            if not refusal:
                self.notify("Your method is taken: it was reviewed and tried.")
            # A method that is refused is kept with the mission, so there is something new in any case.
            self.read(view.id)
            return refusal

        await self._editing.begin(self.app, draft, take, elsewhere=elsewhere)

    def _proposing(self) -> MissionView | None:
        """The chosen mission, if it waits for approval."""
        if self.page is not None and self.page.view.proposal:
            return self.page.view
        self.notify("This mission waits for no approval.", severity="warning")
        return None

    @work(exclusive=True, group="reason")
    async def _reject(self, view: MissionView) -> None:
        reason = await self.app.push_screen_wait(ReasonScreen(view.title))
        if reason:
            self._order(RejectMission(view.id, reason), "The method is rejected.")

    @work(group="orders")
    async def _order(self, command: Order, done: str) -> None:
        if await self._conversation.order(command) is not None:
            self.notify(done, markup=False)
        self.read(command.mission)


def _notes(view: MissionView) -> list[str]:
    """What stands above the source in the editor."""
    notes = [f"{view.id}  {view.title}"]
    notes += [f"intent: {view.intent}"] if view.intent else []
    notes += [f"must be true then: {view.expectation}"] if view.expectation else []
    notes += [f"{candidate.verdict}" for candidate in view.candidates if candidate.source == view.draft]
    return [*notes, "What is saved is reviewed and tried; change nothing to leave it as it is."]
