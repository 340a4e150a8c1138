"""A slot's value, or its method with source, certificate and intent, as text."""

from __future__ import annotations

from textual.content import Content

from battui.contracts.replies import MethodView, SlotView
from battui.tui.values import date_and_clock, pretty, python

MARKS = {"parent": "↑", "method": "ƒ", "primitive": "◆", "data": "·"}
_MARK_STYLES = {
    "parent": "$text-secondary",
    "method": "$text-accent",
    "primitive": "$muted",
    "data": "$muted",
}


def mark(slot: SlotView) -> Content:
    """Return the sign for the slot's kind."""
    return Content.styled(MARKS[slot.kind], _MARK_STYLES[slot.kind])


def slot_text(slot: SlotView) -> Content:
    """Return everything there is to say about a slot."""
    if slot.method is not None:
        return method_text(slot.method)
    return python(slot.text if slot.value is None else pretty(slot.value))


def method_text(method: MethodView) -> Content:
    """Return signature, provenance and source of a method."""
    signature = f"{method.selector}({', '.join(method.parameters)})"
    lines = [Content.styled(signature, "bold")]
    if method.intent:
        lines.append(Content.styled(method.intent, "$muted"))
    lines += [_fact(title, text) for title, text in _facts(method) if text]
    return Content("\n").join([*lines, Content(""), python(method.source)])


def _facts(method: MethodView) -> list[tuple[str, str]]:
    if method.primitive:
        return [("primitive", "battui's own, written in Python")]
    certificate = " ".join(filter(None, [method.ruleset, method.tree_hash[:12]]))
    learned = date_and_clock(method.installed_at) if method.installed_at else ""
    return [
        ("certificate", certificate),
        ("tried", ", ".join(method.trials)),
        ("learned", f"{learned}  {method.mission}".strip()),
        ("versions", str(method.versions) if method.versions > 1 else ""),
    ]


def _fact(title: str, text: str) -> Content:
    return Content.assemble((f"{title:<12}", "$muted"), text)
