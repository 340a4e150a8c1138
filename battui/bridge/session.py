"""One client of the bridge: what it may do, what is under way for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import trio

from battui.bridge import performing, schema
from battui.bridge.faults import error_frame
from battui.bridge.frames import (
    Cancel,
    Credit,
    Follow,
    Goodbye,
    Hello,
    Notice,
    Ping,
    Pong,
    Progress,
    Request,
    Role,
    Stop,
    Submit,
    Welcome,
)
from battui.bridge.subscription import Subscription
from battui.contracts.errors import BattuiError, Busy, Refused, UsageError
from battui.contracts.portal import Portal

MOST_AT_ONCE = 512
"""Commands that may be under way for one client."""
MOST_FOLLOWED = 16
MOST_WAITING = 256
"""Frames that may wait for a client before it gets no more news of progress."""
RETRY_S = 0.1


@dataclass(frozen=True, slots=True)
class House:
    """What all sessions share: the kernel's portal, its identity, how to end it and how to tell of a refusal."""

    portal: Portal
    nursery: trio.Nursery
    kernel: str
    image: str
    pid: int
    stop: Callable[[], None]
    announce: Callable[[str], None]


class Session:
    """Answers the requests of one client, each by its number."""

    def __init__(
        self,
        house: House,
        name: str,
        role: Role,
        send: Callable[[int, Notice], None],
        waiting: Callable[[], int],
    ) -> None:
        self._house = house
        self._name = name
        self.role: Role = role
        self._send = send
        self._waiting = waiting
        self._under_way: dict[int, trio.CancelScope] = {}
        self._followed: dict[int, Subscription] = {}

    @property
    def idle(self) -> bool:
        """Whether nothing is under way, so that nothing would be missed without this session."""
        return not self._under_way and not self._followed

    def take(self, number: int, request: Request) -> None:
        """Answer a request, or begin to; whatever is wrong with it is told to the client."""
        try:
            self._take(number, request)
        except BattuiError as error:
            self._send(number, error_frame(error))

    def end(self) -> None:
        """The client is gone: nobody follows any more. What it has sent goes on."""
        for subscription in self._followed.values():
            subscription.scope.cancel()

    def say_goodbye(self) -> None:
        """The kernel has ended."""
        self._send(0, Goodbye())

    def _take(self, number: int, request: Request) -> None:
        match request:
            case Submit():
                self._submit(number, request)
            case Ping(data=data):
                self._send(number, Pong(data))
            case Credit(target=target, events=events):
                if target in self._followed:
                    self._followed[target].credit(events)
            case Cancel(target=target):
                self._cancel(target)
            case Follow():
                self._follow(number, request)
            case Hello():
                house = self._house
                self._send(number, Welcome(house.kernel, self.role, house.image, house.pid))
            case Stop():
                self._require("administer", "stop")
                self._house.stop()
                self._send(number, Pong())

    def _require(self, needed: Role, what: str) -> None:
        try:
            schema.require(self.role, needed, what)
        except Refused:
            self._house.announce(f"{self._name} with the role {self.role} was refused: {what}")
            raise

    def _submit(self, number: int, submit: Submit) -> None:
        self._require(schema.role_needed(submit.command), type(submit.command).__name__)
        schema.check(submit.command)
        self._require_free(number)
        if len(self._under_way) >= MOST_AT_ONCE:
            raise Busy("too many commands are under way", remedy="Wait for answers.", retry_after=RETRY_S)
        scope = self._under_way[number] = trio.CancelScope()
        self._house.nursery.start_soon(self._perform, number, submit, scope)

    async def _perform(self, number: int, submit: Submit, scope: trio.CancelScope) -> None:
        def tell(notice: Notice) -> None:
            # News of progress may be missed, the reply may not.
            if not isinstance(notice, Progress) or self._waiting() < MOST_WAITING:
                self._send(number, notice)

        try:
            await performing.perform(self._house.portal, submit, scope, tell)
        finally:
            del self._under_way[number]

    def _follow(self, number: int, follow: Follow) -> None:
        self._require("read", "follow")
        self._require_free(number)
        if len(self._followed) >= MOST_FOLLOWED:
            raise Busy("too many subscriptions", remedy="Cancel one.", retry_after=RETRY_S)
        subscription = self._followed[number] = Subscription(
            follow, lambda notice: self._send(number, notice)
        )
        self._house.nursery.start_soon(self._run, number, subscription)

    async def _run(self, number: int, subscription: Subscription) -> None:
        try:
            if not await subscription.run(self._house.portal):
                self._house.announce(f"{self._name} was too slow for the events it followed")
        finally:
            del self._followed[number]

    def _cancel(self, target: int) -> None:
        if target in self._under_way:
            self._under_way[target].cancel()
        elif target in self._followed:
            self._followed[target].scope.cancel()

    def _require_free(self, number: int) -> None:
        if number in self._under_way or number in self._followed:
            raise UsageError(
                "something is under way under this number", about=str(number), remedy="Count on."
            )
