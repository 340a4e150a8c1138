"""The client for plain programs: the asynchronous one in a thread of its own, asked and waited for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from types import TracebackType

from anyio.from_thread import BlockingPortal, start_blocking_portal

from battui.bridge.client.asynchronous import AsyncClient
from battui.bridge.client.pending import OnProgress
from battui.bridge.client.places import local_endpoint
from battui.bridge.client.verbs import Verbs
from battui.bridge.frames import Welcome
from battui.bridge.keys import KeyPair
from battui.contracts.commands import Command
from battui.contracts.events import EventKind, KernelEvent
from battui.contracts.replies import Reply


class Client(Verbs):
    """`with Client() as client:` talks to the running kernel that owns the user's image.

    `endpoint` names another one, which over TCP takes a `key`. Entering raises Unreachable where no kernel answers
    within `patience` seconds. May be used from several threads at once.
    """

    def __init__(
        self, endpoint: str = "", *, key: KeyPair | None = None, patience: float = 10.0, name: str = ""
    ) -> None:
        self._client = AsyncClient(endpoint or local_endpoint(), key=key, patience=patience, name=name)
        self._stack = ExitStack()

    def __enter__(self) -> Client:
        with ExitStack() as stack:
            self._thread: BlockingPortal = stack.enter_context(start_blocking_portal("trio"))
            stack.enter_context(self._thread.wrap_async_context_manager(self._client))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @property
    def welcome(self) -> Welcome | None:
        """What the kernel said of itself."""
        return self._client.welcome

    def submit(
        self,
        command: Command,
        *,
        key: str = "",
        deadline_s: float = 0.0,
        progress: OnProgress | None = None,
    ) -> Reply:
        """Perform `command`, as AsyncClient.submit does; `progress` is called in another thread."""
        return self._thread.call(
            partial(self._client.submit, command, key=key, deadline_s=deadline_s, progress=progress)
        )

    def ping(self, data: bytes = b"") -> bytes:
        """Send `data` there and back."""
        return self._thread.call(self._client.ping, data)

    def stop(self) -> None:
        """Let the kernel end in order; raises Refused for all but administrators."""
        self._thread.call(self._client.stop)

    @contextmanager
    def events(
        self, since: int | None = None, *, kinds: tuple[EventKind, ...] = (), mission: str = ""
    ) -> Iterator[Iterator[KernelEvent]]:
        """Follow the event stream, as AsyncClient.events does."""
        following = self._client.events(since, kinds=kinds, mission=mission)
        with self._thread.wrap_async_context_manager(following) as events:
            yield self._each(events)

    def _each(self, events: AsyncIterator[KernelEvent]) -> Iterator[KernelEvent]:
        while (event := self._thread.call(_next, events)) is not None:
            yield event


async def _next(events: AsyncIterator[KernelEvent]) -> KernelEvent | None:
    return await anext(events, None)
