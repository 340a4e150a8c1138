"""Where messages are written. What cannot be read is refused here, before anything is sent."""

from __future__ import annotations

import asyncio

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.widgets import Input, Static

from battui.contracts.commands import Line
from battui.contracts.errors import BattuiError
from battui.contracts.message_line import parse_line
from battui.tui.completion import completed, completions
from battui.tui.conversation import Conversation
from battui.tui.keys import bindings
from battui.tui.line_history import LineHistory
from battui.tui.widgets.focus import focus_now

_EXAMPLE = "account.deposit_(amount=50)  # add amount to balance => self.balance == 150"
_MOST_NAMES = 12


class LineInput(Input):
    """An input whose text does not change its size, so that no key lays out the whole screen."""

    virtual_size = Reactive(Size(0, 0))


class MessageLine(Vertical):
    """An input with history and completion, and a line beneath for what is wrong with it."""

    BINDINGS = bindings("message")

    class Ready(Message):
        """A line was written that can be sent."""

        def __init__(self, line: str, command: Line) -> None:
            super().__init__()
            self.line = line
            self.command = command

    def __init__(self, conversation: Conversation, history: LineHistory) -> None:
        super().__init__()
        self._conversation = conversation
        self._history = history
        self._input = LineInput(placeholder=_EXAMPLE, compact=True, select_on_focus=False, id="line")
        self._hint = Static(id="hint")
        self._offered = ""

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static(Content(":"), id="prompt")
            yield self._input
        yield self._hint

    async def on_mount(self) -> None:
        # A blinking cursor would be the only thing that keeps an idle battui awake.
        self._input.cursor_blink = False
        self._say(Content(""))
        await asyncio.to_thread(self._history.load)

    def take_focus(self) -> None:
        """Let the next key be written here."""
        focus_now(self._input)

    def offer(self, line: str) -> None:
        """Have the key that completes write this line where nothing is written yet."""
        self._offered = line
        self._input.placeholder = line or self._input.placeholder

    def write(self, line: str, back: int = 0) -> None:
        """Begin a line, with the cursor `back` characters before its end."""
        self._put(line)
        self._input.cursor_position = len(line) - back
        focus_now(self._input)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._say(Content(""))

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        # Who presses the key for the message line while in it means the same.
        line = event.value.strip().removeprefix(":").lstrip()
        if not line:
            return
        try:
            command = parse_line(line)
        except BattuiError as error:
            self._say(Content.styled(str(error), "$text-error"))
            return
        self._input.clear()
        self._input.placeholder = ""
        self._history.add(line)
        self.post_message(self.Ready(line, command))
        await asyncio.to_thread(self._history.save)

    def action_older(self) -> None:
        self._put(self._history.older(self._input.value))

    def action_newer(self) -> None:
        self._put(self._history.newer(self._input.value))

    @work(exclusive=True, group="complete")
    async def action_complete(self) -> None:
        if not self._input.value and self._offered:
            self._put(self._offered)
            return
        line = self._input.value[: self._input.cursor_position]
        word, candidates = await completions(self._conversation, line)
        rest = self._input.value[self._input.cursor_position :]
        longer = completed(line, word, candidates)
        with self.prevent(Input.Changed):
            self._input.value = longer + rest
            self._input.cursor_position = len(longer)
        self._say(Content.styled(_names(candidates), "$muted"))

    def _put(self, line: str) -> None:
        self._input.value = line
        self._input.cursor_position = len(line)

    def _say(self, hint: Content) -> None:
        if not hint and not self._hint.display:
            # Each key asks for this, and to change a widget lays out the whole screen.
            return
        self._hint.update(hint)
        self._hint.display = bool(hint)


def _names(candidates: list[str]) -> str:
    if len(candidates) == 1:
        return ""
    more = f"  and {len(candidates) - _MOST_NAMES} more" if len(candidates) > _MOST_NAMES else ""
    return "  ".join(candidates[:_MOST_NAMES]) + more if candidates else "nothing continues this"
