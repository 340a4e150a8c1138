"""Focus that is there when the next key comes."""

from __future__ import annotations

from textual.widget import Widget


def focus_now(widget: Widget) -> None:
    """Focus `widget` at once.

    `Widget.focus` does it later, and keys that come in one burst, pasted or typed fast over a slow line, would
    still go to where the focus was before.
    """
    widget.screen.set_focus(widget)
