"""Commands with a key are done once: by the receipt that is committed with what they change.

A message line, a lesson or a cognitive cycle and its receipt are one transaction. Orders to missions and undos have
their receipt written right after: killed in between, a kernel that is asked again finds the mission as it stands,
and refuses what is done already. What is refused or raises changes nothing and leaves no receipt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import trio

from battui.contracts.commands import Ask, Command, Once, Send, Teach
from battui.contracts.errors import UsageError
from battui.contracts.replies import Answer, Reply
from battui.image.image import Image, Work
from battui.image.receipts import MAX_KEY, Receipt, note_receipt, receipts_of
from battui.image.world import World
from battui.kernel.messages.dispatch import Parked
from battui.kernel.transactions.committer import Committer

T = TypeVar("T")
Perform = Callable[[Command, "KeyedCommitter"], Awaitable[Reply]]
Replay = Callable[[Command, Receipt], Awaitable[Reply]]

MOST_REMEMBERED = 100_000


class Receipts:
    """Sees to it that a keyed command is performed once in the life of the image."""

    def __init__(self, image: Image, committer: Committer) -> None:
        self._image = image
        self._committer = committer
        self._known: dict[str, Receipt] | None = None
        self._loading = trio.Lock()
        self._in_flight: dict[str, trio.Event] = {}

    async def perform(self, once: Once, perform: Perform, replay: Replay) -> Reply:
        """Perform the command and return its reply, or that of the first time; raises what `perform` raises."""
        key, digest = _checked(once), digest_of(once.command)
        while key in self._in_flight:
            await self._in_flight[key].wait()
        done = self._in_flight[key] = trio.Event()
        try:
            known = await self._receipts()
            if (receipt := known.get(key)) is None:
                return await self._first(once, digest, perform)
            if receipt.digest != digest:
                raise UsageError("this key was used for another command", about=key, remedy="Use a new key.")
            return await replay(once.command, receipt)
        finally:
            del self._in_flight[key]
            done.set()

    async def _first(self, once: Once, digest: str, perform: Perform) -> Reply:
        keyed = KeyedCommitter(self._committer, once.key, digest, self._keep)
        reply = await perform(once.command, keyed)
        if not keyed.kept:
            await keyed.perform(f"receipt of {once.key}", lambda _world: _as_answer(reply))
        return reply

    def _keep(self, key: str, receipt: Receipt) -> None:
        assert self._known is not None
        self._known[key] = receipt
        if len(self._known) > MOST_REMEMBERED:
            del self._known[next(iter(self._known))]

    async def _receipts(self) -> dict[str, Receipt]:
        """The receipts, read from the image when the first key is asked for."""
        async with self._loading:
            if self._known is None:
                newest_first = await trio.to_thread.run_sync(receipts_of, self._image)
                self._known = dict(reversed(newest_first.items()))
        return self._known


class KeyedCommitter:
    """A committer that notes the receipt in the transaction with which the command is done."""

    def __init__(
        self, committer: Committer, key: str, digest: str, keep: Callable[[str, Receipt], None]
    ) -> None:
        self._committer = committer
        self._key = key
        self._digest = digest
        self._keep = keep
        self.kept = False

    async def perform(self, note: str, work: Work[T], *, mission: str = "") -> T:
        """Do `work` as Committer does; an answer or a parked message is what the command came to."""

        def noted(world: World) -> T:
            result = work(world)
            if (receipt := self._receipt(result)) is not None:
                note_receipt(world, self._key, receipt)
            return result

        result = await self._committer.perform(note, noted, mission=mission, keyed=True)
        if (receipt := self._receipt(result)) is not None:
            self.kept = True
            self._keep(self._key, receipt)
        return result

    def _receipt(self, result: object) -> Receipt | None:
        match result:
            case Answer(value=value, text=text, mission=mission, learned=learned):
                return Receipt(self._digest, value, text, mission, learned=learned)
            case Parked(mission=mission, number=number):
                return Receipt(self._digest, mission=mission, number=number)
        return None


def digest_of(command: Command) -> str:
    """The same for the same command, whether its sender waits or not."""
    if isinstance(command, Send | Ask | Teach):
        command = replace(command, wait=True)
    return hashlib.sha256(repr(command).encode()).hexdigest()[:24]


def _checked(once: Once) -> str:
    if not 1 <= len(once.key) <= MAX_KEY:
        raise UsageError(f"a key has 1 to {MAX_KEY} characters", about=once.key[:MAX_KEY])
    if isinstance(once.command, Once):
        raise UsageError("a command has one key", about=once.key)
    return once.key


def _as_answer(reply: Reply) -> Answer:
    """What is kept of a reply that is a view: the view is taken anew when somebody asks again."""
    return reply if isinstance(reply, Answer) else Answer(mission=getattr(reply, "id", ""))
