"""The answers to what was sent, newest at the bottom. A mission is followed here until it ends."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from battui.contracts.commands import Ask, Line, Send, ShowMission
from battui.contracts.errors import BattuiError
from battui.contracts.replies import Answer, MissionView
from battui.tui.conversation import Conversation
from battui.tui.mission_book import MissionBook, MissionPage
from battui.tui.news import MissionsChanged
from battui.tui.widgets.exchange import Exchange

MOST_ANSWERS = 50


class Answers(VerticalScroll):
    """Several lines may wait for their answers at once."""

    class Parked(Message):
        """A line has become a mission, and the book knows it."""

        def __init__(self, mission: str) -> None:
            super().__init__()
            self.mission = mission

    class Answered(Message):
        """A line has its answer, and may have bound a name or written a slot."""

    def __init__(self, conversation: Conversation, book: MissionBook) -> None:
        super().__init__()
        self._conversation = conversation
        self._book = book
        self._exchanges: deque[Exchange] = deque(maxlen=MOST_ANSWERS)
        self._text = Static()

    def compose(self) -> ComposeResult:
        yield self._text

    def on_mount(self) -> None:
        self._ticking = self.set_interval(1.0, self.show, pause=True)
        self.show()

    def send(self, line: str, command: Line) -> None:
        """Send `command` and show what becomes of it."""
        exchange = Exchange(line, parks=isinstance(command, Send | Ask))
        self._exchanges.append(exchange)
        self.show()
        self._follow(exchange, command)

    def clear(self) -> None:
        """Forget all answers; missions go on."""
        self._exchanges.clear()
        self.show()

    def current_text(self) -> str:
        """Return the newest answer as it stands."""
        if not self._exchanges:
            return ""
        newest = self._exchanges[-1]
        return str(newest.outcome(self._page(newest), time.time()))

    @work(group="answers")
    async def _follow(self, exchange: Exchange, command: Line) -> None:
        # Without waiting the mission's id comes at once, and the mission can be followed by it.
        if isinstance(command, Send | Ask):
            command = replace(command, wait=False)
        try:
            reply = await self._conversation.submit(command)
            exchange.answer = reply if isinstance(reply, Answer) else Answer(text=str(reply))
        except BattuiError as error:
            exchange.error = error
        self.show()
        self.post_message(self.Answered())
        if exchange.mission and self._page(exchange) is None:
            view = await self._conversation.ask(ShowMission(exchange.mission), MissionView)
            self._book.put([] if view is None else [view])
            self.show()
        if exchange.mission and exchange.parks:
            self.post_message(self.Parked(exchange.mission))

    def on_missions_changed(self, changed: MissionsChanged) -> None:
        if any(exchange.mission in changed.missions for exchange in self._exchanges):
            self.show()

    def show(self) -> None:
        """Bring the answers up to date; the clock runs only while one is missing."""
        now = time.time()
        self.display = bool(self._exchanges)
        texts = [exchange.text(self._page(exchange), now) for exchange in self._exchanges]
        self._text.update(Content("\n").join(texts))
        self.scroll_end(animate=False)
        if any(exchange.waits(self._page(exchange)) for exchange in self._exchanges):
            self._ticking.resume()
        else:
            self._ticking.pause()

    def _page(self, exchange: Exchange) -> MissionPage | None:
        return self._book.pages.get(exchange.mission)
