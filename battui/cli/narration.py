"""What happens in the kernel, told line by line: states with times, plan, facets, candidates, what was installed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

from battui.cli.reply_text import harmless, indented
from battui.contracts.events import KernelEvent
from battui.contracts.replies import OPEN_STATES

_STRANGERS = frozenset({"token", "message", "answer", "object", "kernel", "heartbeat", "expert", "model"})


class Narrator:
    """Tells events to whoever listens, each once. `told` counts the events seen, told or passed over."""

    def __init__(self, tell: Callable[[str], None], *, verbose: bool = False) -> None:
        self.tell = tell
        self.verbose = verbose
        self.told = 0
        self._began: dict[str, float] = {}
        self._engine = ""

    async def follow(self, events: AsyncIterator[KernelEvent]) -> None:
        """Tell every event of the stream until it ends or the task is cancelled."""
        async for event in events:
            self.hear(event)

    def hear(self, event: KernelEvent) -> None:
        """Tell one event, unless it is none of a reader's business."""
        self.told += 1
        for line in self._lines(event):
            self.tell(harmless(line))

    def _lines(self, event: KernelEvent) -> Iterator[str]:
        match event.kind:
            case "mission":
                yield from self._state(event)
            case "plan":
                yield f"  {event.mission} plan: {event.text}"
            case "facet":
                yield f"  {event.mission} facet {event.data.get('facet', '')}: {event.data.get('text', event.text)}"
            case "candidate":
                yield from self._candidate(event)
            case "installed":
                yield f"  {event.mission} installed {event.data.get('selector', '')}: {event.text}"
                yield indented(str(event.data.get("source", "")), "    | ")
            case "engine":
                yield from self._engine_state(event)
            case kind if kind not in _STRANGERS or (self.verbose and kind != "token"):
                yield f"  {kind}: {event.text}"
            case _ if event.level in ("warning", "error"):
                yield f"  {event.kind}: {event.text}"

    def _state(self, event: KernelEvent) -> Iterator[str]:
        """A state with the seconds since the mission was first heard of; its title is worth saying once."""
        first = event.mission not in self._began
        began = self._began.setdefault(event.mission, event.at)
        state = str(event.data.get("state", ""))
        # Ends and waits tell themselves; a state of a mission that is known by now needs no title.
        said = f"{state}  {event.text}" if first and state in OPEN_STATES else state
        said = said if state in (*OPEN_STATES, "COMPLETE", "FAILED") else event.text
        yield f"[{event.at - began:6.1f} s] {event.mission} {said}"
        if first and self._engine not in ("", "ready"):
            yield f"  engine {self._engine}"

    def _candidate(self, event: KernelEvent) -> Iterator[str]:
        index = event.data.get("index", 0)
        number = index + 1 if isinstance(index, int) else index
        verdict = "accepted" if event.data.get("accepted") else "refused"
        yield f"  {event.mission} candidate {number} {verdict}: {event.data.get('verdict', event.text)}"
        if source := str(event.data.get("source", "")):
            yield indented(source, "    | ")

    def _engine_state(self, event: KernelEvent) -> Iterator[str]:
        """Progress comes in many steps; a state is worth one line, and only while something waits for it."""
        state, last = str(event.data.get("state", event.text)), self._engine
        self._engine = state
        if self.verbose or (state != last and (self._began or event.level != "info")):
            yield f"  engine {state}: {event.text}" if event.text else f"  engine {state}"
