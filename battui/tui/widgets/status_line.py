"""One line about the kernel: engine, sandbox, missions, queue; and what to do where something is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from textual import work
from textual.content import Content
from textual.widgets import Static

from battui.contracts.commands import ShowStatus
from battui.contracts.events import KernelEvent
from battui.contracts.generation import EngineState, EngineStatus
from battui.contracts.replies import KernelStatus
from battui.tui.conversation import Conversation
from battui.tui.news import News
from battui.tui.pace import Pace

PAUSE = 0.5
"""Seconds between two questions about the kernel's status."""

_ENGINE = {
    "absent": ("○", "$text-warning", "no model"),
    "starting": ("◐", "$text-warning", "engine starts"),
    "loading": ("◐", "$text-warning", "loading"),
    "ready": ("●", "$text-success", "ready"),
    "failed": ("✗", "$text-error", "engine failed"),
}


class StatusLine(Static):
    """Asks for the status when something happened that may have changed it, never on a clock."""

    def __init__(self, conversation: Conversation, image: str) -> None:
        super().__init__()
        self._conversation = conversation
        self._image = image.rstrip("/").rpartition("/")[2]
        self._status: KernelStatus | None = None
        self._drawn: tuple[KernelStatus, str] | None = None
        self._pace = Pace(self, PAUSE, self.ask)

    def on_mount(self) -> None:
        self.update(Content.styled(self._image, "$muted"))
        self.ask()

    @work(exclusive=True, group="status")
    async def ask(self) -> None:
        """Ask the kernel how it is."""
        self._status = await self._conversation.ask(ShowStatus(), KernelStatus)
        self._draw()

    def on_news(self, news: News) -> None:
        engine = [event for event in news.events if event.kind == "engine"]
        if engine and self._status is not None:
            self._status = replace(self._status, engine=_engine_after(self._status.engine, engine[-1]))
            self._draw()
        if news.has("kernel", "engine", "mission", "message", "answer", "object"):
            self._pace.ask()

    def _draw(self) -> None:
        if self._status is not None and self._drawn != (self._status, self._image):
            self._drawn = (self._status, self._image)
            self.update(status_text(self._status, self._image))


def _engine_after(engine: EngineStatus, event: KernelEvent) -> EngineStatus:
    state, progress = event.data.get("state"), event.data.get("progress")
    return replace(
        engine,
        state=cast(EngineState, state) if state in _ENGINE else engine.state,
        progress=float(progress) if isinstance(progress, int | float) else engine.progress,
    )


def status_text(status: KernelStatus, image: str) -> Content:
    """Return the status as one line, with a second one only where there is something to do."""
    separator = Content.styled("  ·  ", "$muted")
    line = separator.join(
        [
            engine_text(status.engine),
            _sandbox(status),
            Content(f"{status.open_missions} open"),
            Content.styled(f"{status.queued} queued", "$muted"),
            Content.styled(image, "$muted"),
        ]
    )
    if status.engine.state in ("absent", "failed") and status.engine.message:
        return Content.assemble(line, "\n", (status.engine.message, "$text-warning"))
    return line


def engine_text(engine: EngineStatus) -> Content:
    """The engine's state, with the model where it is ready."""
    sign, style, words = _ENGINE[engine.state]
    model = engine.description.model if engine.description is not None else ""
    percent = f" {engine.progress:.0%}" if engine.state == "loading" else ""
    name = model if engine.state == "ready" and model else words
    return Content.assemble((f"{sign} ", style), name, percent)


def _sandbox(status: KernelStatus) -> Content:
    if status.missing:
        return Content.styled(f"sandbox lacks {', '.join(status.missing)}", "$text-warning")
    return Content.styled("sandbox full" if status.sandbox else "no sandbox", "$muted")
