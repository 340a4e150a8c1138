"""Where commands wait for the kernel: bounded, because "busy" is an answer and blocking is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import outcome
import trio

from battui.contracts.commands import Command
from battui.contracts.errors import Busy, Unreachable
from battui.contracts.replies import Reply


@dataclass(eq=False)
class Letter:
    """A command on its way, and the reply on its way back."""

    command: Command
    answered: trio.Event = field(default_factory=trio.Event)
    result: outcome.Value[Reply] | outcome.Error | None = None

    def answer(self, result: outcome.Value[Reply] | outcome.Error) -> None:
        """Deliver the reply to whoever waits for it."""
        self.result = result
        self.answered.set()


class Mailbox:
    """A queue of letters with a capacity."""

    def __init__(self, capacity: int) -> None:
        self._send, self._receive = trio.open_memory_channel[Letter](capacity)

    async def post(self, command: Command) -> Reply:
        """Put `command` into the box and wait for its reply; raises Busy where the box is full."""
        letter = Letter(command)
        try:
            self._send.send_nowait(letter)
        except trio.WouldBlock:
            raise Busy("too many commands are waiting", remedy="Try again in a moment.") from None
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise Unreachable("the kernel is shutting down", remedy="Start battui again.") from None
        await letter.answered.wait()
        assert letter.result is not None
        return letter.result.unwrap()

    async def next(self) -> Letter:
        """The next letter; raises trio.EndOfChannel when the box is closed and empty."""
        return await self._receive.receive()

    def close(self) -> None:
        """Take no more letters; those in the box are still handed out."""
        self._send.close()

    def untaken(self) -> Iterator[Letter]:
        """Take out the letters that nobody will take any more."""
        with suppress(trio.WouldBlock, trio.EndOfChannel):
            while True:
                yield self._receive.receive_nowait()

    @property
    def waiting(self) -> int:
        """How many letters nobody has taken yet."""
        return self._receive.statistics().current_buffer_used
