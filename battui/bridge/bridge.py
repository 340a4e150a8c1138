"""The bridge of one kernel: opened beside it, served while it lives, closed after it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable

import trio
import zmq

from battui.bridge.listener import GOODBYE_S
from battui.bridge.session import House
from battui.bridge.sockets import Places, Sockets
from battui.contracts.portal import Portal


class Bridge:
    """Serves a kernel's portal at `places`. `stop` ends the kernel, `announce` tells what was refused."""

    def __init__(
        self,
        portal: Portal,
        places: Places,
        *,
        image: str,
        stop: Callable[[], None],
        announce: Callable[[str], None],
    ) -> None:
        self._portal = portal
        self._sockets = Sockets(places)
        self._image = image
        self._stop = stop
        self._announce = announce
        self._ended = trio.Event()
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()

    @property
    def tcp(self) -> str:
        """The endpoint for TCP, empty where there is none."""
        return self._sockets.tcp

    def open(self) -> None:
        """Bind the sockets; raises Unreachable where a place cannot be had or is not private, and as Sockets."""
        try:
            self._sockets.open(self._context, self._announce)
        except BaseException:
            self._close()
            raise

    def withdraw(self) -> None:
        """The kernel is about to end: let no new client come."""
        self._sockets.withdraw()

    def end(self) -> None:
        """The kernel has ended: say goodbye and close."""
        self._ended.set()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve what was opened until `end`."""
        try:
            async with trio.open_nursery() as nursery:
                task_status.started()
                await self._sockets.keep(self._house(nursery), self._ended)
                nursery.cancel_scope.cancel()
        finally:
            self._close()

    def _close(self) -> None:
        self._sockets.withdraw()
        self._context.destroy(linger=int(1000 * GOODBYE_S))

    def _house(self, nursery: trio.Nursery) -> House:
        return House(
            portal=self._portal,
            nursery=nursery,
            kernel=uuid.uuid4().hex,
            image=self._image,
            pid=os.getpid(),
            stop=self._stop,
            announce=self._announce,
        )
