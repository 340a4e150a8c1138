"""The terminal's side of the portal: what panes ask, and what happens when the answer is an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from battui.contracts.commands import Command
from battui.contracts.errors import BattuiError, Unreachable
from battui.contracts.portal import Portal
from battui.contracts.replies import Reply

R = TypeVar("R")


class Conversation:
    """Asks the kernel for panes. `tell` shows an error to the user; `lost` ends the app, for the kernel is gone."""

    def __init__(
        self, portal: Portal, *, tell: Callable[[BattuiError], None], lost: Callable[[Exception], None]
    ) -> None:
        self.portal = portal
        self._tell = tell
        self._lost = lost

    async def submit(self, command: Command) -> Reply:
        """Perform `command`; raises BattuiError. Any other error means that there is no kernel any more."""
        try:
            return await self.portal.submit(command)
        except BattuiError:
            raise
        except Exception as error:
            self._lost(error)
            raise Unreachable("the kernel has ended", remedy="Start battui again.") from error

    async def order(self, command: Command) -> Reply | None:
        """Return the reply to `command`, or None after telling the user why there is none."""
        try:
            return await self.submit(command)
        except BattuiError as error:
            self._tell(error)
            return None

    async def ask(self, command: Command, kind: type[R]) -> R | None:
        """Like `order`, where the reply has to be of one kind."""
        reply = await self.order(command)
        if reply is None or isinstance(reply, kind):
            return reply
        self._tell(Unreachable(f"the kernel answered {type(command).__name__} with {type(reply).__name__}"))
        return None
