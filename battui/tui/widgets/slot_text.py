"""A slot's value, or its method, as text."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from battui.contracts.replies import SlotView
from battui.contracts.values import Ref
from battui.tui.values import one_line, pretty, python
from battui.tui.widgets.method_text import method_text

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


def slot_text(slot: SlotView, shown: Callable[[Ref], str] = str) -> Content:
    """Return everything there is to say about a slot; `shown` says what people call a reference."""
    if slot.method is not None:
        return method_text(slot.method)
    return python(slot.text if slot.value is None else pretty(slot.value, shown=shown))


def summary(slot: SlotView, shown: Callable[[Ref], str]) -> str:
    """Return the slot's value or signature on one line."""
    if isinstance(slot.value, Ref):
        return f"→ {shown(slot.value)}"
    if slot.method is None:
        return one_line(slot.text if slot.value is None else pretty(slot.value, shown=shown))
    parameters = f"({', '.join(slot.method.parameters)})"
    return f"{parameters}  {slot.method.intent}".rstrip()
