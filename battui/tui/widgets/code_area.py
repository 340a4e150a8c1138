"""A text area that shows Python in colours."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual.widgets import TextArea

from battui.tui.values import python


class CodeArea(TextArea):
    """Colours come from the theme; the text is highlighted as it is written."""

    def __init__(self, text: str, *, id: str) -> None:  # noqa: A002
        super().__init__(text, tab_behavior="indent", soft_wrap=False, show_line_numbers=True, id=id)
        self.cursor_blink = False

    def get_line(self, line_index: int) -> Text:
        """The line, styled."""
        plain = super().get_line(line_index)
        # A line less than there is at the end: spaces there are cut off before the highlighting.
        lines = python(self.text).split("\n", allow_blank=True)
        if line_index >= len(lines) or lines[line_index].plain != plain.plain:
            return plain
        # The background stays the text area's own: the cursor's line and what is selected have another.
        begin = 0
        for segment in lines[line_index].render_segments(self.visual_style):
            if (style := segment.style) is not None:
                shown = Style(color=style.color, bold=style.bold, italic=style.italic)
                plain.stylize(shown, begin, begin + len(segment.text))
            begin += len(segment.text)
        return plain
