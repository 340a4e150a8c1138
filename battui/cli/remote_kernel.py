"""A kernel in another process, held like one's own; and how to find out whether there is one."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import trio

from battui.bridge.endpoint import endpoint_of, is_alive, socket_path
from battui.bridge.schema import role_needed
from battui.contracts.commands import Command, Once
from battui.contracts.errors import ImageInUse, Unreachable
from battui.contracts.events import KernelEvent
from battui.contracts.portal import Portal
from battui.contracts.replies import Reply
from battui.contracts.settings import Settings

T = TypeVar("T")

STARTING_S = 5.0
"""How long an image's owner may take to be there for others, or to be gone."""
LOOK_AGAIN_S = 0.1

PATIENCE_S = 3.0
"""How long a kernel may be away before its front ends take it for gone."""


def running_kernel(settings: Settings) -> str:
    """The endpoint of the kernel that owns the image, empty where none listens."""
    path = socket_path(settings.image, settings.state_dir)
    return endpoint_of(path) if is_alive(path) else ""


def once_it_can_be_had(start: Callable[[], T]) -> T:
    """Return what `start` returns, tried again for a while as long as the image is in use.

    Its owner may be about to be there for others, or about to give it back; one that only reads it never is, and
    then ImageInUse is raised.
    """
    until = time.monotonic() + STARTING_S
    while True:
        try:
            return start()
        except ImageInUse:
            if time.monotonic() >= until:
                raise
        # Neither a lock that is given back nor a socket that is not there yet tells anybody.
        time.sleep(LOOK_AGAIN_S)


def keyed(command: Command) -> Command:
    """The command with a key, so that it may be asked for again; one that only looks needs none."""
    looks = role_needed(command) == "read" or isinstance(command, Once)
    return command if looks else Once(uuid.uuid4().hex, command)


class KernelLeft(Unreachable):
    """The kernel in the other process has ended; the image is free, and what was asked may be asked again."""

    @property
    def code(self) -> str:
        """To others it is what it is a kind of."""
        return Unreachable.__name__


class RemoteKernel:
    """The kernel at `endpoint`. To stop it is to leave it: it goes on in its own process."""

    def __init__(self, endpoint: str, key_file: Path | None = None) -> None:
        self._endpoint = endpoint
        self._key_file = key_file
        self._stop = trio.Event()
        self._portal: Portal | None = None
        self.image = ""

    @property
    def portal(self) -> Portal:
        """The portal, once `run` has said that it is there."""
        if self._portal is None:
            raise Unreachable("the kernel has not been reached")
        return self._portal

    def stop(self) -> None:
        """Leave."""
        self._stop.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Stay connected until `stop`; raises KernelLeft where nobody answers, though somebody listened just now."""
        from battui.bridge.client import AsyncClient, read_pair

        key = read_pair(self._key_file) if self._key_file is not None else None
        async with AsyncExitStack() as stack:
            with _left_is_told_apart():
                client = AsyncClient(self._endpoint, key=key, patience=PATIENCE_S, name="battui")
                await stack.enter_async_context(client)
            self.image = client.welcome.image if client.welcome is not None else ""
            self._portal = _RemotePortal(client)
            task_status.started()
            await self._stop.wait()


@contextmanager
def _left_is_told_apart() -> Iterator[None]:
    """A kernel that has gone is another thing than an engine that is not there, and than a key that is refused."""
    try:
        yield
    except Unreachable as error:
        if type(error) is Unreachable:
            raise KernelLeft(error.what, about=error.about, remedy=error.remedy) from None
        raise


class _RemotePortal:
    """A client's portal."""

    def __init__(self, client: Portal) -> None:
        self._client = client

    async def submit(self, command: Command) -> Reply:
        with _left_is_told_apart():
            return await self._client.submit(command)

    def events(self, since: int | None = None) -> AbstractAsyncContextManager[AsyncIterator[KernelEvent]]:
        return self._client.events(since)
