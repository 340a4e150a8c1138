"""Adapters as rows and as text: where each is, how large, and when it came there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual.content import Content

from battui.contracts.events import KernelEvent
from battui.contracts.models import AdapterList, AdapterView
from battui.tui.values import clock, one_line, pretty, python
from battui.tui.widgets.listing import Row

_TIERS = {
    "hot": ("● hot", "$text-success"),
    "warm": ("◐ warm", "$text-warning"),
    "cold": ("○ cold", "$muted"),
    "refused": ("✗ refused", "$text-error"),
}


@dataclass(frozen=True, slots=True)
class Swap:
    """The last time that an adapter changed its tier, in milliseconds of work and Unix seconds."""

    adapter: str
    tier: str
    ms: int
    at: float


def swap_of(event: KernelEvent) -> Swap | None:
    """The change of tier that the event tells of, if it is one."""
    data = event.data
    if event.kind != "expert" or not isinstance(data.get("ms"), int):
        return None
    ms = data["ms"]
    assert isinstance(ms, int)
    return Swap(str(data.get("adapter", "")), str(data.get("to", "")), ms, event.at)


def adapter_row(adapter: AdapterView, swaps: Mapping[str, Swap]) -> Row:
    """The adapter on one line."""
    swap = swaps.get(adapter.name)
    last = f"{swap.ms} ms to {swap.tier}, {clock(swap.at)}" if swap is not None else "-"
    cells = (
        Content(adapter.name),
        Content.styled(*_TIERS[adapter.tier]),
        Content(size(adapter.bytes)),
        Content.styled(str(adapter.uses), "$muted"),
        Content.styled(one_line(adapter.note) if adapter.note else last, "$muted"),
    )
    return Row(adapter.name, cells)


def adapter_text(adapter: AdapterView) -> Content:
    """Everything there is to say about an adapter."""
    facts = [
        ("tier", f"{adapter.tier}{', always kept in the engine' if adapter.pinned else ''}"),
        ("made for", f"{adapter.base}  {adapter.base_sha256[:12]}"),
        ("rank", str(adapter.rank)),
        ("sha256", adapter.sha256[:12]),
        ("note", adapter.note),
    ]
    lines = [Content.assemble((f"{title:<10}", "$muted"), text) for title, text in facts if text]
    config = [Content(""), python(pretty(dict(adapter.config)))] if adapter.config else []
    return Content("\n").join([Content.styled(adapter.name, "bold"), *lines, *config])


def budgets(listed: AdapterList) -> Content:
    """What the tiers hold of what they may."""
    engine = _of("in the engine", listed.engine_bytes, listed.engine_budget)
    ram = _of("in RAM", listed.warm_bytes, listed.warm_budget)
    return Content.assemble(("Adapters", "bold $text-primary"), (f"  {engine}, {ram}", "$muted"))


def _of(place: str, used: int, budget: int) -> str:
    return f"{size(used)} of {size(budget)} {place}" if budget else f"{size(used)} {place}"


def size(number: int) -> str:
    """Bytes as a person reads them."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if number >= unit:
            return f"{number / unit:.1f} {name}"
    return f"{number} B"
