"""The asynchronous client of a running kernel, for Trio and for asyncio. It is a Portal.

It survives the kernel: when the connection is lost, or the kernel was killed, it connects again and asks again for
whatever has no reply yet. Every command that changes something carries a key, so that what was done is not done
again. After `patience` seconds without a kernel it gives up.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType

import anyio

from battui.bridge.client.async_verbs import AsyncVerbs
from battui.bridge.client.pending import HELLO, Awaited, EventStream, OnProgress, Pending
from battui.bridge.client.wire import Wire
from battui.bridge.frames import (
    Cancel,
    Credit,
    Ended,
    Error,
    Events,
    Follow,
    Goodbye,
    Hello,
    Notice,
    Ok,
    Ping,
    Pong,
    Progress,
    Request,
    Stop,
    Submit,
    Unreadable,
    Welcome,
    pack_request,
    unpack_notice,
)
from battui.bridge.keys import KeyPair
from battui.bridge.schema import role_needed
from battui.bridge.values import Malformed
from battui.contracts.commands import Command, Once
from battui.contracts.errors import Busy, NotStorable, Unreachable
from battui.contracts.events import EventKind, KernelEvent
from battui.contracts.replies import Reply

MOST_BUSY_S = 2.0


class AsyncClient(AsyncVerbs):
    """`async with AsyncClient(endpoint) as client:` talks to the kernel at `endpoint`.

    Entering raises Unreachable where there is none within `patience` seconds. TCP needs a `key`. One that has been
    left cannot be entered again.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        key: KeyPair | None = None,
        patience: float = 10.0,
        name: str = "",
        high_water: int = 1_000,
    ) -> None:
        self._endpoint = endpoint
        self._key = key
        self._patience = patience
        self._name = name
        self._high_water = high_water
        self._awaited = Awaited()
        self._ended: Exception | None = None
        self.welcome: Welcome | None = None
        """What the kernel said of itself."""

    async def __aenter__(self) -> AsyncClient:
        self._life = self._live()
        await self._life.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._life.__aexit__(kind, error, trace)

    async def submit(
        self,
        command: Command,
        *,
        key: str = "",
        deadline_s: float = 0.0,
        progress: OnProgress | None = None,
    ) -> Reply:
        """Perform `command` and return its reply; raises BattuiError.

        A command that changes something is done once, by `key` or a key of its own. With `deadline_s` TimedOut is
        raised after so many seconds. `progress` is called with the events of the command's mission, tokens included.
        While the kernel is busy it is asked again, for as long as `patience`.
        """
        if not isinstance(command, Once) and (key or role_needed(command) != "read"):
            command = Once(key or uuid.uuid4().hex, command)
        pause, until = 0.0, anyio.current_time() + self._patience
        while True:
            pending = await self._ask(Submit(command, deadline_s, progress is not None), progress)
            if not isinstance(pending.error, Busy) or anyio.current_time() >= until:
                break
            pause = min(max(2 * pause, pending.error.retry_after), MOST_BUSY_S)
            await anyio.sleep(pause)
        reply = pending.checked().reply
        assert reply is not None
        return reply

    def events(
        self, since: int | None = None, *, kinds: tuple[EventKind, ...] = (), mission: str = ""
    ) -> AbstractAsyncContextManager[AsyncIterator[KernelEvent]]:
        """Follow the event stream from `since` on; with `kinds` or `mission`, those only. It ends with the kernel."""
        return self._following(Follow(since, kinds, mission))

    async def ping(self, data: bytes = b"") -> bytes:
        """Send `data` there and back."""
        return (await self._ask(Ping(data))).checked().data

    async def stop(self) -> None:
        """Let the kernel end in order; raises Refused for all but administrators."""
        (await self._ask(Stop())).checked()

    @asynccontextmanager
    async def _following(self, follow: Follow) -> AsyncIterator[AsyncIterator[KernelEvent]]:
        if self._ended is not None:
            raise self._ended
        stream = EventStream(
            follow, lambda events: self._tell(Credit(self._awaited.number_of(stream), events))
        )
        self._awaited.streams[self._awaited.next_number()] = stream
        self._put(self._awaited.number_of(stream), follow)
        try:
            await stream.opened.wait()
            if stream.error is not None:
                raise stream.error
            yield stream
        finally:
            if (number := self._awaited.number_of(stream)) != HELLO:
                del self._awaited.streams[number]
                self._tell(Cancel(number))

    async def _ask(self, request: Request, progress: OnProgress | None = None) -> Pending:
        """Ask, wait for what comes back, and say so when nobody waits any more."""
        if self._ended is not None:
            raise self._ended
        pending = Pending(request, progress)
        number = self._awaited.next_number()
        self._awaited.pending[number] = pending
        try:
            self._put(number, request)
            await pending.done.wait()
        finally:
            for left in [left for left, each in self._awaited.pending.items() if each is pending]:
                del self._awaited.pending[left]
                self._tell(Cancel(left))
        return pending

    def _put(self, number: int, request: Request) -> None:
        try:
            frame = pack_request(number, request)
        except Malformed as error:
            raise NotStorable(f"this cannot be sent: {error}") from None
        if self.welcome is not None and not self._away:
            self._wire.put(frame)

    def _tell(self, request: Request) -> None:
        if self._ended is None:
            self._put(self._awaited.next_number(), request)

    @asynccontextmanager
    async def _live(self) -> AsyncIterator[None]:
        """Everything between entering and leaving. Errors of the caller leave as they are, in no group."""
        self._away, self._seek, self._met = True, anyio.Event(), anyio.Event()
        self._wire = Wire(
            self._endpoint,
            self._key,
            high_water=self._high_water,
            received=self._receive,
            found=lambda: self._wire.put(pack_request(HELLO, Hello(self._name))),
            lost=self._lose,
        )
        failure: Exception | None = None
        try:
            async with anyio.create_task_group() as group:
                self._wire.start(group)
                group.start_soon(self._be_patient)
                self._seek.set()
                try:
                    await self._met.wait()
                    if self._ended is not None:
                        raise self._ended
                    yield
                    await self._wire.last_words() if not self._away else None
                except Exception as error:
                    failure = error
                self._give_up(Unreachable("this client has been left"))
                group.cancel_scope.cancel()
        finally:
            self._wire.close()
        if failure is not None:
            raise failure

    async def _be_patient(self) -> None:
        """Give up once the kernel has been away for too long."""
        while True:
            await self._seek.wait()
            self._seek = anyio.Event()
            with anyio.move_on_after(self._patience):
                await self._met.wait()
            if self._away:
                self._give_up(
                    Unreachable("no kernel answers here", about=self._endpoint, remedy="Start battui there.")
                )

    def _lose(self, refused: Exception | None) -> None:
        if refused is not None:
            self._give_up(refused)
        elif not self._away:
            self._away, self._met = True, anyio.Event()
            self._wire.clear()
            self._seek.set()

    def _give_up(self, error: Exception) -> None:
        """Nothing will be answered any more."""
        self._ended = self._ended or error
        self._awaited.fail(error)
        self._met.set()

    def _receive(self, frame: bytes) -> None:
        try:
            number, notice = unpack_notice(frame)
        except Unreadable as error:
            self._give_up(Unreachable(f"what answers here is no kernel of this version: {error}"))
            return
        self._heed(number, notice)

    def _heed(self, number: int, notice: Notice) -> None:
        match notice:
            case Welcome():
                self._meet(notice)
            case Events(events=events):
                if number in self._awaited.streams:
                    self._awaited.streams[number].put(events)
            case Ended(reason=reason):
                self._end_stream(number, slow=reason == "slow")
            case Progress(event=event):
                self._awaited.tell(number, event)
            case Goodbye():
                self._give_up(Unreachable("the kernel has ended", remedy="Start battui again."))
            case Ok() | Error() | Pong():
                self._awaited.answer(number, notice)

    def _end_stream(self, number: int, *, slow: bool) -> None:
        stream = self._awaited.streams.pop(number, None)
        if stream is not None and slow:
            # What it missed is remembered by the kernel for a while; the rest shows as a gap.
            self._follow_on(stream)
        elif stream is not None:
            stream.end()

    def _follow_on(self, stream: EventStream) -> None:
        number = self._awaited.next_number()
        self._awaited.streams[number] = stream
        follow = stream.follow
        since = stream.last + 1 if stream.last else follow.since
        self._put(number, Follow(since, follow.kinds, follow.mission, follow.window))

    def _meet(self, welcome: Welcome) -> None:
        """The kernel is there, for the first time or again: ask it for all that has no reply."""
        known, self.welcome, self._away = self.welcome, welcome, False
        if known is not None and known.kernel != welcome.kernel:
            self._awaited.end_streams()
        streams, self._awaited.streams = list(self._awaited.streams.values()), {}
        for stream in streams:
            self._follow_on(stream)
        unanswered, self._awaited.pending = list(self._awaited.pending.values()), {}
        for pending in unanswered:
            number = self._awaited.next_number()
            self._awaited.pending[number] = pending
            self._put(number, pending.request)
        self._met.set()
