"""What battui has in memory and what it is doing: adapters by tier, load, and what the heartbeat has found."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from battui.contracts.commands import SettleFinding, ShowStats, ShowStatus
from battui.contracts.models import AdapterList, ListAdapters
from battui.contracts.replies import KernelStats, KernelStatus, MissionView
from battui.tui.conversation import Conversation
from battui.tui.gauges import Gauges
from battui.tui.keys import bindings
from battui.tui.mission_book import MissionBook
from battui.tui.news import News
from battui.tui.pace import Pace
from battui.tui.panes.pane import Pane
from battui.tui.requests import OpenMission
from battui.tui.widgets.adapter_text import Swap, adapter_row, adapter_text, budgets, swap_of
from battui.tui.widgets.focus import focus_now
from battui.tui.widgets.gauge import Gauge
from battui.tui.widgets.kernel_text import finding_row, finding_text, kernel_text
from battui.tui.widgets.listing import Column, Listing

_ADAPTERS = (
    Column("adapter", 20),
    Column("tier", 9),
    Column("size", 9, right=True),
    Column("used", 6, right=True, least=70),
    Column("last swap"),
)
_FINDINGS = (Column("decision", 14), Column("found"), Column("age", 6, right=True))
_NO_ADAPTERS = "No adapters are in this image. They come with: battui adapter add FOLDER"
_NO_FINDINGS = "The heartbeat has found nothing yet."

PAUSE = 0.5
"""Seconds between two readings of adapters while they keep moving."""

SAMPLE = 1.0
"""Seconds between two looks at what waits, while somebody watches or something happens."""


class MemoryPane(Pane):
    """Facts over gauges over adapters over findings. A finding waits until a person has accepted or dismissed it."""

    BINDINGS = bindings("memory")

    def __init__(self, conversation: Conversation, book: MissionBook, key_of: Callable[[str], str]) -> None:
        """`key_of` names the key of an action by its id."""
        super().__init__(id="memory-pane")
        self._conversation = conversation
        self._book = book
        self._key_of = key_of
        self._gauges = Gauges()
        self._swaps: dict[str, Swap] = {}
        self._listed = AdapterList()
        self._status: KernelStatus | None = None
        self._stats: KernelStats | None = None
        self._facts = Static(id="memory-facts")
        self._tokens = Gauge("Tokens/s")
        self._waiting = Gauge("Waiting")
        self._budget = Static(classes="heading")
        self._adapters = Listing(_ADAPTERS, empty=_NO_ADAPTERS, id="adapters")
        self._title = Static(classes="heading")
        self._findings = Listing(_FINDINGS, empty=_NO_FINDINGS, id="findings")
        self._text = Static()
        self._detail = VerticalScroll(self._text, classes="detail")
        self._pace = Pace(self, PAUSE, self.reload)
        self._sampling = Pace(self, SAMPLE, self._sample)

    def compose(self) -> ComposeResult:
        yield self._facts
        with Horizontal(classes="gauges"):
            yield self._tokens
            yield self._waiting
        yield self._budget
        yield self._adapters
        yield self._title
        yield self._findings
        yield self._detail

    def on_mount(self) -> None:
        self._ticking = self.set_interval(SAMPLE, self._tick, pause=True)
        self.show_findings()

    def on_show(self) -> None:
        self._ticking.resume()
        self._tick()
        self.show_findings()
        self.reload()

    def on_hide(self) -> None:
        self._ticking.pause()

    def take_focus(self) -> None:
        if self._open_findings():
            self._findings.take_focus()
        else:
            self._adapters.take_focus()

    def go_back(self) -> None:
        self.take_focus()

    def current_text(self) -> str:
        return str(self._text.content)

    def undo_target(self) -> str:
        return ""

    def action_reload(self) -> None:
        self.reload()

    def action_turn(self) -> None:
        lists = [self._adapters, self._findings, self._detail]
        here = next((place for place, each in enumerate(lists) if each.has_focus_within or each.has_focus), 0)
        following = lists[(here + 1) % len(lists)]
        if isinstance(following, Listing):
            following.take_focus()
        else:
            focus_now(following)
        self._show_detail()

    def action_settle(self, accepted: bool) -> None:
        page = self._book.pages.get(self._findings.row)
        if page is None or page.view.settled:
            self.notify("Choose a finding that waits for a decision.", severity="warning")
        else:
            self._settle(page.view.id, accepted)

    @work(group="settle")
    async def _settle(self, mission: str, accepted: bool) -> None:
        view = await self._conversation.ask(SettleFinding(mission, accepted), MissionView)
        if view is not None:
            self._book.put([view])
            self.show_findings()
            self.notify(f"Noted: {view.settled}. Nothing was started or changed by that.")

    def on_news(self, news: News) -> None:
        now = time.time()
        self._swaps |= {swap.adapter: swap for swap in map(swap_of, news.events) if swap is not None}
        if not news.past:
            self._gauges.take(news.events, now)
            self._sampling.ask()
        if news.has("expert", "engine") and self.is_on_screen:
            self._pace.ask()

    def on_missions_changed(self) -> None:
        self.show_findings()

    @work(exclusive=True, group="memory")
    async def reload(self) -> None:
        """Read adapters and status again."""
        listed = await self._conversation.ask(ListAdapters(), AdapterList)
        self._status = await self._conversation.ask(ShowStatus(), KernelStatus)
        if listed is not None:
            self._listed = listed
            self._budget.update(budgets(listed))
            self._adapters.show([adapter_row(each, self._swaps) for each in listed.adapters])
        self._show_facts()
        self._show_detail()

    def show_findings(self) -> None:
        """Bring the findings up to date: what waits for a decision stands on top."""
        now = time.time()
        audits = [page.view for page in self._book.newest_first() if page.view.kind == "self_audit"]
        audits.sort(key=lambda view: bool(view.settled))
        self._findings.show([finding_row(view, now) for view in audits])
        waiting = len(self._open_findings())
        keys = [("accept", "accepts"), ("dismiss", "dismisses")]
        how = ", ".join(f"{self._key_of(f'memory.{name}')} {does}" for name, does in keys)
        words = f"  {waiting} wait{'s' * (waiting == 1)} for a decision: {how}" if waiting else ""
        self._title.update(
            Content.assemble(("What the heartbeat has found", "bold $text-primary"), (words, "$text-warning"))
        )
        self._show_detail()

    def on_listing_highlighted(self, event: Listing.Highlighted) -> None:
        event.stop()
        self._show_detail()
        self._detail.scroll_home(animate=False)

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        event.stop()
        if event.listing is self._findings:
            self.post_message(OpenMission(event.row))
        else:
            focus_now(self._detail)

    def _open_findings(self) -> list[MissionView]:
        views = [page.view for page in self._book.pages.values() if page.view.kind == "self_audit"]
        return [view for view in views if view.state == "COMPLETE" and not view.settled]

    def _tick(self) -> None:
        self._sampling.ask()
        self._show_gauges()

    @work(exclusive=True, group="sample")
    async def _sample(self) -> None:
        stats = await self._conversation.ask(ShowStats(), KernelStats)
        if stats is not None:
            self._stats = stats
            self._gauges.note_waiting(stats.queued, time.time())
        if self.is_on_screen:
            self._show_gauges()
            self._show_facts()

    def _show_gauges(self) -> None:
        now = time.time()
        self._tokens.show(self._gauges.tokens(now))
        self._waiting.show(self._gauges.waiting(now))

    def _show_facts(self) -> None:
        if self._status is not None:
            self._facts.update(kernel_text(self._status, self._stats, time.time()), layout=False)

    def _show_detail(self) -> None:
        """The finding, or the adapter, on which the cursor is."""
        page = self._book.pages.get(self._findings.row)
        adapters = {each.name: each for each in self._listed.adapters}
        chosen = adapters.get(self._adapters.row)
        if page is not None and not self._adapters.has_focus_within:
            self._text.update(finding_text(page.view))
        else:
            self._text.update(adapter_text(chosen) if chosen is not None else Content(""))
