"""A mission as text: how it stands, what was thought, what was tried, what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from battui.contracts.replies import CandidateView, MissionView
from battui.tui.mission_book import MissionPage, is_open
from battui.tui.values import clock, difference, lasted, python

_STATES = {"COMPLETE": ("✓", "$text-success"), "FAILED": ("✗", "$text-error"), "IDLE": ("○", "$muted")}
_THINKING = ("◐", "$text-warning")


def state_mark(view: MissionView) -> Content:
    """Return the sign for the mission's state."""
    return Content.styled(*_STATES.get(view.state, _THINKING))


def state_name(view: MissionView) -> Content:
    """Return sign and name of the mission's state."""
    if view.proposal:
        return Content.styled("▲ approve?", "bold $text-warning")
    sign, style = _STATES.get(view.state, _THINKING)
    return Content.styled(f"{sign} {view.state.lower()}", style)


def progress(page: MissionPage, now: float) -> Content:
    """Return on one line how an open mission stands."""
    view = page.view
    facts = [lasted(view.started_at, view.ended_at, now)]
    if page.drafts:
        facts.append(f"candidate {max(page.drafts) + 1}")
    if tokens := view.tokens or page.pieces:
        facts.append(f"{tokens} tokens")
    if view.waiting:
        facts.append(f"waits for {view.waiting}")
    return Content.assemble(state_name(view), ("  " + " · ".join(facts), "$muted"))


def mission_text(page: MissionPage, now: float, choice: str = "") -> Content:
    """Return everything there is to say about a mission; `choice` says how its proposal is decided about."""
    return Content("\n").join(_lines(page, now, choice))


def _lines(page: MissionPage, now: float, choice: str) -> Iterator[Content]:
    view = page.view
    yield from _head(page, now)
    if view.proposal:
        yield from _proposal(view, choice)
    yield from _outcome(view)
    if view.plan:
        yield from _section("Plan", Content("\n".join(view.plan_lines)))
    for facet, said in view.facets.items():
        yield from _section(facet, Content(said.strip()))
    for candidate in sorted(view.candidates, key=lambda candidate: not candidate.chosen):
        yield from _section(*_candidate(candidate))
    if is_open(view):
        for index, draft in sorted(page.drafts.items()):
            yield from _section(
                f"Candidate {index + 1}", python(draft), Content.styled("writing", "$text-warning")
            )


def _head(page: MissionPage, now: float) -> Iterator[Content]:
    view = page.view
    yield Content.styled(view.title, "bold")
    yield Content.assemble(progress(page, now), (f"  {view.id}  {view.target}", "$muted"))
    if view.trail:
        yield _trail(view)
    if view.budget:
        yield Content.styled(_used(view), "$muted")
    if view.intent:
        yield Content.assemble(("means    ", "$muted"), view.intent)
    if view.expectation:
        yield Content.assemble(("expects  ", "$muted"), python(view.expectation))


def _outcome(view: MissionView) -> Iterator[Content]:
    if view.failure:
        yield from _section("Failure", Content.styled(view.failure, "$text-error"))
    if view.answer:
        yield from _section("Answer", Content(view.answer))
    if view.sources:
        yield from _section("Sources", Content("\n".join(view.sources)))


def _used(view: MissionView) -> str:
    tokens, seconds = view.budget.get("tokens"), str(view.budget.get("seconds")).removesuffix(".0")
    return f"{view.tokens} of {tokens} tokens, {view.seconds:.0f} of {seconds} s of thinking"


def _trail(view: MissionView) -> Content:
    steps = [Content.assemble(state.lower(), (f" {clock(at)}", "$muted")) for state, at in view.trail]
    return Content.styled(" → ", "$muted").join(steps)


def _proposal(view: MissionView, choice: str) -> Iterator[Content]:
    yield from _section("Proposal", python(view.proposal), Content.styled(choice, "bold $text-warning"))
    if view.replaces:
        yield from _section("Changes to the present method", difference(view.replaces, view.proposal))
    if view.proof:
        yield from _section("Certificate", Content("\n".join(view.proof)))


def _candidate(candidate: CandidateView) -> tuple[str, Content, Content]:
    sign, style = ("✓", "$text-success") if candidate.accepted else ("✗", "$text-error")
    notes = "".join([", chosen" if candidate.chosen else "", ", repaired" if candidate.repaired else ""])
    verdict = Content.styled(f"{sign} {candidate.verdict}{notes}", style)
    return f"Candidate {candidate.index + 1}", python(candidate.source), verdict


def _section(title: str, body: Content, aside: Content | None = None) -> Iterator[Content]:
    yield Content("")
    heading = Content.styled(title, "bold $text-primary")
    yield heading if aside is None else Content.assemble(heading, "  ", aside)
    yield body
