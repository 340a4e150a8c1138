"""A list with aligned columns that can be updated while one looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from battui.tui.widgets.focus import focus_now

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `width` cells; width 0 takes a share of what the others leave.

    Lines of fewer than `least` cells leave the column out.
    """

    title: str
    width: int = 0
    right: bool = False
    least: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A line with an id. A heading cannot be chosen and spans all columns."""

    id: str
    cells: tuple[Content, ...]
    heading: bool = False


def column_widths(columns: Sequence[Column], width: int) -> list[int]:
    """Return how wide each column is on a line of `width` cells."""
    fixed = sum(column.width for column in columns) + GAP * (len(columns) - 1)
    flexible = sum(column.width == 0 for column in columns)
    share = max(4, (width - fixed) // flexible) if flexible else 0
    return [column.width or share for column in columns]


def aligned(cells: Sequence[Content], columns: Sequence[Column], width: int) -> Content:
    """Return `cells` side by side, each cut or filled up to its column's width."""
    shown = [(cell, column) for cell, column in zip(cells, columns, strict=True) if column.least <= width]
    parts = []
    for (cell, column), size in zip(
        shown, column_widths([column for _, column in shown], width), strict=True
    ):
        cut = cell.truncate(size, ellipsis=True)
        rest = size - cut.cell_length
        parts.append(cut.pad_left(rest) if column.right else cut.pad_right(rest))
    return Content(" " * GAP).join(parts).rstrip()


class Listing(Vertical):
    """Rows under a line of titles. Keeps the chosen row when rows come and go."""

    class Highlighted(Message):
        """Another row is under the cursor."""

        def __init__(self, listing: Listing, row: str) -> None:
            super().__init__()
            self.listing = listing
            self.row = row

    class Chosen(Message):
        """A row was opened with enter or the mouse."""

        def __init__(self, listing: Listing, row: str) -> None:
            super().__init__()
            self.listing = listing
            self.row = row

    def __init__(self, columns: Sequence[Column], *, empty: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes="listing")
        self._columns = tuple(columns)
        self._empty = empty
        self._rows: tuple[Row, ...] = ()
        self._titles = Static(classes="titles")
        self._nothing = Static(Content(empty), classes="nothing")
        self.options = OptionList()

    def compose(self) -> ComposeResult:
        if any(column.title for column in self._columns):
            yield self._titles
        yield self._nothing
        yield self.options

    def on_mount(self) -> None:
        self._nothing.display = bool(self._empty)

    @property
    def row(self) -> str:
        """The id of the row under the cursor, or nothing."""
        option = self.options.highlighted_option
        return (option.id or "") if option is not None else ""

    def show(self, rows: Sequence[Row]) -> None:
        """Show `rows`. Where only contents changed, only those lines are drawn again."""
        before, self._rows = self._rows, tuple(rows)
        self._nothing.display = bool(self._empty) and not rows
        if [row.id for row in before] == [row.id for row in rows]:
            for index, (old, new) in enumerate(zip(before, rows, strict=True)):
                if not _same(old, new):
                    self.options.replace_option_prompt_at_index(index, self._line(new))
        else:
            self._fill()

    def choose(self, row: str) -> None:
        """Put the cursor on the row, if there is one of that id."""
        for index, candidate in enumerate(self._rows):
            if candidate.id == row and not candidate.heading:
                self.options.highlighted = index

    def take_focus(self) -> None:
        """Let the next key move the cursor here."""
        focus_now(self.options)

    def _fill(self) -> None:
        chosen = self.row
        with self.prevent(OptionList.OptionHighlighted):
            self.options.clear_options()
            self.options.add_options(
                [Option(self._line(row), id=row.id, disabled=row.heading) for row in self._rows]
            )
            self.choose(chosen)
        if self.row != chosen or not chosen:
            self._choose_first()

    def _choose_first(self) -> None:
        first = next((index for index, row in enumerate(self._rows) if not row.heading), None)
        self.options.highlighted = first

    def _line(self, row: Row) -> Content:
        width = self._width()
        if row.heading:
            return Content.assemble(*row.cells).truncate(width, ellipsis=True)
        return aligned(row.cells, self._columns, width)

    def _width(self) -> int:
        return max(20, self.size.width - 3)

    def on_resize(self) -> None:
        width = self._width()
        titles = [Content.styled(column.title, "$muted") for column in self._columns]
        self._titles.update(aligned(titles, self._columns, width))
        for index, row in enumerate(self._rows):
            self.options.replace_option_prompt_at_index(index, self._line(row))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self.post_message(self.Highlighted(self, event.option_id or ""))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Chosen(self, event.option_id or ""))


def _same(old: Row, new: Row) -> bool:
    return all(was.is_same(now) for was, now in zip(old.cells, new.cells, strict=True))
