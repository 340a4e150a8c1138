"""What the terminal knows of missions: views as the kernel gave them, kept up to date by events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from battui.contracts.events import KernelEvent
from battui.contracts.replies import CandidateView, MissionView

ENDED = ("COMPLETE", "FAILED")


def is_open(view: MissionView) -> bool:
    """Whether the mission is still being thought about; a user's own states are open, too."""
    return view.state not in ENDED


@dataclass
class MissionPage:
    """One mission with what is being generated for it right now, by index of candidate."""

    view: MissionView
    drafts: dict[int, str] = field(default_factory=dict)
    pieces: int = 0


class MissionBook:
    """All missions the terminal has heard of. Events change it; views from the kernel replace what events told."""

    def __init__(self) -> None:
        self.pages: dict[str, MissionPage] = {}
        self._wanted: set[str] = set()
        self._proposing: list[str] = []

    def newest_first(self) -> list[MissionPage]:
        """Return the pages as a list shows them: what waits for a person stands on top."""
        return sorted(
            self.pages.values(),
            key=lambda page: (bool(page.view.proposal), page.view.started_at),
            reverse=True,
        )

    def waiting(self) -> list[MissionPage]:
        """Return the pages of missions that wait for approval."""
        return [page for page in self.newest_first() if page.view.proposal]

    def open(self) -> list[MissionPage]:
        """Return the pages of missions that have not ended."""
        return [page for page in self.newest_first() if is_open(page.view)]

    def put(self, views: Iterable[MissionView]) -> set[str]:
        """Take over `views` from the kernel; drafts stay until their candidates are judged."""
        changed = set()
        for view in views:
            known = self.pages.get(view.id)
            if view.proposal and (known is None or known.view.proposal != view.proposal):
                self._proposing.append(view.id)
            page = self.pages.setdefault(view.id, MissionPage(view))
            page.view = view
            for candidate in view.candidates:
                page.drafts.pop(candidate.index, None)
            if not is_open(view):
                page.drafts.clear()
            changed.add(view.id)
        return changed

    def take(self, events: Iterable[KernelEvent]) -> set[str]:
        """Let `events` change the pages; return the ids of missions that changed."""
        changed = set()
        for event in events:
            if event.mission:
                changed.add(event.mission)
                self._take(event)
        return changed

    def wanted(self) -> set[str]:
        """Return, once, the ids of missions whose full view has to be asked for."""
        wanted, self._wanted = self._wanted, set()
        return wanted

    def proposing(self) -> list[MissionPage]:
        """Return, once, the pages of missions that have begun to wait for approval."""
        proposing, self._proposing = self._proposing, []
        return [self.pages[mission] for mission in proposing]

    def _take(self, event: KernelEvent) -> None:
        page = self.pages.get(event.mission)
        if page is None:
            self._wanted.add(event.mission)
            return
        match event.kind:
            case "mission":
                self._enter(page, str(event.data.get("end") or event.data.get("state", "")), event.at)
            case "token":
                index = _number(event.data.get("candidate"))
                page.drafts[index] = page.drafts.get(index, "") + str(event.data.get("text", ""))
                page.pieces += 1
            case "candidate":
                _judge(page, event)
            case "facet":
                facet = {str(event.data.get("facet", "")): str(event.data.get("text", ""))}
                page.view = replace(page.view, facets={**page.view.facets, **facet})
            case "plan" | "installed" | "answer":
                self._wanted.add(event.mission)

    def _enter(self, page: MissionPage, state: str, at: float) -> None:
        # Words in small letters say that a mission waits or was resumed; they are no states.
        if state.isupper() and state != page.view.state:
            page.view = replace(page.view, state=state, trail=(*page.view.trail, (state, at)))
        self._wanted.add(page.view.id)


def _judge(page: MissionPage, event: KernelEvent) -> None:
    data = event.data
    judged = CandidateView(
        index=_number(data.get("index")),
        source=str(data.get("source", "")),
        verdict=str(data.get("verdict", "")),
        accepted=bool(data.get("accepted")),
        repaired=bool(data.get("repaired")),
        chosen=bool(data.get("chosen")),
    )
    others = [candidate for candidate in page.view.candidates if candidate.index != judged.index]
    candidates = tuple(sorted([*others, judged], key=lambda candidate: candidate.index))
    page.view = replace(page.view, candidates=candidates)
    page.drafts.pop(judged.index, None)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
