"""How the kernel is, on three lines, and what its heartbeat has found."""

from __future__ import annotations

from textual.content import Content

from battui.contracts.replies import KernelStats, KernelStatus, MissionView
from battui.tui.values import date_and_clock, lasted, one_line, span
from battui.tui.widgets.listing import Row
from battui.tui.widgets.mission_text import state_name
from battui.tui.widgets.status_line import engine_text

# A report is the model's own words: there is nothing in it that could be carried out.
_DECIDED = {
    "": "To accept or dismiss it is to note that with the report: it starts nothing and changes nothing.\n"
    "To act on it, edit a method that it names (e in Objects), or teach it more cases (battui teach).",
    "accepted": "Accepted: noted with the report. Nothing was started or changed by that.",
    "dismissed": "Dismissed: noted with the report. Nothing was started or changed by that.",
}


def kernel_text(status: KernelStatus, stats: KernelStats | None, now: float) -> Content:
    """Engine, cells and heartbeat."""
    return Content("\n").join(
        [
            _fact("Engine", engine_text(status.engine), _engine(status, stats)),
            # The figures first: they change, and a narrow screen cuts the line's end.
            _fact("Cells", Content(_cells(stats)), _guarantees(status)),
            _fact("Heartbeat", Content(_heartbeat(status, now)), _commands(stats)),
        ]
    )


def finding_row(view: MissionView, now: float) -> Row:
    """An audit on one line: what was decided about it, or where it stands."""
    if view.state != "COMPLETE":
        decision = state_name(view)
    elif not view.settled:
        decision = Content.styled("▲ decide?", "bold $text-warning")
    else:
        sign = "✓" if view.settled == "accepted" else "✗"
        decision = Content.styled(f"{sign} {view.settled}", "$muted")
    age = Content.styled(lasted(view.started_at, 0.0, now), "$muted")
    return Row(view.id, (decision, Content(one_line(view.answer or view.failure or view.title)), age))


def finding_text(view: MissionView) -> Content:
    """What an audit has found, in full."""
    when = f"  {date_and_clock(view.started_at)}  enter shows the mission"
    head = Content.assemble((view.id, "bold"), (when, "$muted"))
    said = [head, Content(view.answer or view.failure)]
    return Content("\n").join(
        [*said, Content.styled(_DECIDED[view.settled], "$muted")] if view.answer else said
    )


def _fact(title: str, first: Content, rest: str) -> Content:
    return Content.assemble((f"{title:<11}", "bold $text-primary"), first, (f"  {rest}", "$muted"))


def _engine(status: KernelStatus, stats: KernelStats | None) -> str:
    description = status.engine.description
    name = [f"{description.name} on {description.device}"] if description is not None else []
    if stats is None:
        return ", ".join(name)
    speed = f" at {stats.tokens / stats.working_s:.1f}/s" if stats.working_s else ""
    restarts = [f"{stats.restarts} restarts"] if stats.restarts else []
    return ", ".join([*name, f"{stats.tokens} tokens{speed}", *restarts])


def _guarantees(status: KernelStatus) -> str:
    return ", ".join(status.sandbox) or "nothing seals them here"


def _cells(stats: KernelStats | None) -> str:
    return f"{stats.activations} run, {stats.kills} stopped" if stats is not None else ""


def _heartbeat(status: KernelStatus, now: float) -> str:
    left = status.next_heartbeat_at - now
    if not status.next_heartbeat_at:
        return "does not beat"
    return f"beats in {span(left)}" if left > 0 else "beats now"


def _commands(stats: KernelStats | None) -> str:
    if stats is None:
        return ""
    return f"{stats.commands} commands, {stats.failed} failed, {stats.queued} waiting"
