"""Replies as lines of text for a person."""

from __future__ import annotations

import time
from collections.abc import Iterator
from difflib import unified_diff
from itertools import groupby

from battui.cli.model_text import adapter_lines, model_lines
from battui.cli.provenance_text import cost_and_provenance
from battui.cli.stats_text import stats_lines
from battui.contracts.models import AdapterList, ModelList
from battui.contracts.replies import (
    Answer,
    CandidateView,
    HistoryEntry,
    HistoryList,
    KernelStats,
    KernelStatus,
    MissionList,
    MissionView,
    ObjectList,
    ObjectSummary,
    ObjectView,
    Reply,
    SlotView,
)

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


def reply_as_text(reply: Reply) -> str:
    """The reply in words, without a newline at its end; empty where there is nothing to say."""
    return harmless("\n".join(_lines(reply)))


def harmless(text: str) -> str:
    """The text with control characters spelled out: a model's words must not steer a terminal."""
    return text.translate(_CONTROLS)


def indented(source: str, mark: str = "    ") -> str:
    """Source text set off from what stands around it."""
    return "\n".join(f"{mark}{line}".rstrip() for line in source.rstrip().splitlines())


def _lines(reply: Reply) -> Iterator[str]:
    match reply:
        case Answer():
            yield reply.text if reply.text or reply.value is None else repr(reply.value)
        case ObjectView():
            yield from _object(reply)
        case ObjectList():
            yield from _table([_object_row(entry) for entry in reply.objects])
        case MissionView():
            yield from _mission(reply)
        case MissionList():
            yield from _table(
                [(view.id, view.state, _when(view.started_at), view.title) for view in reply.missions]
            )
        case HistoryList():
            yield from _table([_history_row(entry) for entry in reply.entries])
        case KernelStatus() | KernelStats():
            yield from _status(reply) if isinstance(reply, KernelStatus) else stats_lines(reply)
        case ModelList():
            yield from model_lines(reply)
        case AdapterList():
            yield from adapter_lines(reply)


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) if at else "-"


def _object(view: ObjectView) -> Iterator[str]:
    yield f"{view.name} @{view.oid:x}"
    for holder, slots in groupby(sorted(view.slots, key=lambda slot: slot.holder), lambda slot: slot.holder):
        if holder:
            yield f"from {holder}:"
        for slot in slots:
            yield from _slot(slot)


def _slot(slot: SlotView) -> Iterator[str]:
    if slot.method is None:
        yield f"  {slot.name} = {slot.text}" if slot.kind == "data" else f"  {slot.name} -> {slot.text}"
        return
    method = slot.method
    call = f"{slot.name}({', '.join(method.parameters)})"
    if method.primitive:
        yield f"  {call}  primitive"
        return
    yield f"  {call}  learned {_when(method.installed_at)} in mission {method.mission or '-'}"
    if not slot.holder:
        yield indented(method.source)


def _object_row(entry: ObjectSummary) -> tuple[str, ...]:
    system = "image's own" if entry.system else ""
    return (f"@{entry.oid:x}", entry.name, f"{entry.slots} slots", f"{entry.methods} methods", system)


def _history_row(entry: HistoryEntry) -> tuple[str, ...]:
    last = "" if entry.undoable else "cannot be undone"
    return (entry.transaction, _when(entry.at), entry.mission or "-", entry.description, last)


def _mission(view: MissionView) -> Iterator[str]:
    yield f"{view.id}  {view.state}  {view.title}"
    for state, at in view.trail:
        yield f"  {_when(at)}  {state}"
    wanted = {"intent": view.intent, "expectation": view.expectation}
    yield from (f"  {name}: {text}" for name, text in wanted.items() if text)
    yield from (f"  plan: {line}" for line in view.plan_lines)
    for facet, text in view.facets.items():
        yield f"  facet {facet}:"
        yield indented(text)
    for candidate in view.candidates:
        yield from _candidate(candidate)
    rest = {"waiting for": view.waiting, "answer": view.answer, "failure": view.failure}
    yield from (f"  {name}: {text}" for name, text in rest.items() if text)
    yield from (f"  source: {place}" for place in view.sources)
    yield from cost_and_provenance(view)
    if view.proposal:
        yield from _proposal(view)
    elif view.state == "FAILED" and view.draft:
        yield f"  mend it yourself: battui missions edit {view.id}, or: battui missions retry {view.id}"


def _proposal(view: MissionView) -> Iterator[str]:
    """The source that waits for approval, how it differs from the present one, and what to do about it."""
    yield "  proposal:"
    yield indented(view.proposal)
    if view.replaces:
        lines = view.replaces.splitlines(), view.proposal.splitlines()
        yield "  changes to the present method:"
        yield indented("\n".join(unified_diff(*lines, "present", "proposal", lineterm="")))
    if view.proof:
        yield "  certificate:"
        yield indented("\n".join(view.proof))
    yield (
        f"  decide: battui missions approve {view.id}, or: battui missions reject {view.id} --reason TEXT, "
        f"or: battui missions edit {view.id}"
    )


def _candidate(candidate: CandidateView) -> Iterator[str]:
    notes = [name for name in ("accepted", "repaired", "chosen") if getattr(candidate, name)] or ["refused"]
    yield f"  candidate {candidate.index + 1}: {', '.join(notes)}: {candidate.verdict}"
    yield indented(candidate.source)


def _status(status: KernelStatus) -> Iterator[str]:
    yield f"image       {status.image} ({status.objects} objects)"
    yield f"missions    {status.open_missions} open, {status.queued} commands queued"
    yield f"engine      {status.engine.state} {status.engine.message}".rstrip()
    yield f"sandbox     {', '.join(status.sandbox) or 'none'}"
    if status.missing:
        yield f"missing     {', '.join(status.missing)}"
