"""The zygote as the kernel sees it: a process that hands out sealed cells over a control socket."""

from __future__ import annotations

import math
import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import ormsgpack
import trio

import battui
from battui.cell import start, wire
from battui.cell.messages import Message
from battui.cell.sandbox import SandboxReport
from battui.cell.zygote import PACKET_BYTES

GRACE_S = 2.0
"""How long a zygote may take to bury its cells before it is killed itself."""

_DESCRIPTOR_BYTES = 4


class ZygoteFailed(Exception):
    """The zygote could not be started or sealed."""


class ZygoteGone(Exception):
    """The zygote has ended, and all its cells with it."""


@dataclass(slots=True, eq=False)
class CellProcess:
    """One sealed child that waits for its activation.

    `status` is known once `ended` is set, unless its zygote went.
    """

    pid: int
    stream: trio.SocketStream
    ended: trio.Event = field(default_factory=trio.Event)
    status: int | None = None


class ZygoteProcess:
    """One zygote from its start to its end; `run` is its life."""

    def __init__(self, ahead: int) -> None:
        self._ahead = ahead
        self._cells: dict[int, CellProcess] = {}
        self._idle_in, self._idle_out = trio.open_memory_channel[CellProcess](math.inf)
        self._control: trio.socket.SocketType | None = None
        self.gone = False

    async def run(self, sealed: Callable[[SandboxReport], None]) -> None:
        """Start the process, call `sealed` once it is ready, return when it has ended; raises ZygoteFailed."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = trio.socket.from_stdlib_socket(ours)
        try:
            process = _spawn(theirs.fileno(), self._ahead)
        except OSError as error:
            self._bury_everything()
            raise ZygoteFailed(str(error)) from None
        finally:
            theirs.close()
        try:
            await self._listen(sealed)
        finally:
            self._bury_everything()
            await _end(process)

    async def take(self) -> CellProcess:
        """An idle cell, as soon as there is one; another is forked in its place. Raises ZygoteGone."""
        while True:
            try:
                cell = await self._idle_out.receive()
            except trio.EndOfChannel:
                raise ZygoteGone from None
            if await self._replace(cell):
                return cell
            cell.stream.socket.close()

    async def kill(self, cell: CellProcess) -> None:
        """End a cell, whatever it is doing. The zygote does it, for whom the process number stays valid."""
        cell.stream.socket.close()
        if not cell.ended.is_set():
            await self._tell({"kind": "kill", "pid": cell.pid})

    async def _replace(self, cell: CellProcess) -> bool:
        """Have the next cell forked; whether this one is fit for use."""
        await self._tell({"kind": "fork"})
        return not self.gone and _is_waiting(cell)

    async def _tell(self, message: Message) -> None:
        # Never given up half-way: a fork or kill that is not told would be missed for good. It takes no time, because
        # the zygote always listens; and one that is gone needs not be told.
        assert self._control is not None
        with trio.CancelScope(shield=True), suppress(OSError, trio.ClosedResourceError):
            await self._control.send(wire.pack(message))

    async def _listen(self, sealed: Callable[[SandboxReport], None]) -> None:
        ready = False
        while packet := await self._receive():
            data, descriptor = packet
            message = cast("Message", wire.unpack(data))
            if message["kind"] == "cell" and descriptor is not None:
                self._welcome(cast("int", message["pid"]), descriptor)
            elif message["kind"] == "ended":
                self._mourn(cast("int", message["pid"]), cast("int", message["status"]))
            elif message["kind"] == "sealed":
                sealed(SandboxReport(**cast("dict[str, bool]", message["report"])))
                ready = True
            elif message["kind"] == "failed":
                raise ZygoteFailed(message["words"])
        if not ready:
            raise ZygoteFailed("the zygote ended before it was sealed")

    async def _receive(self) -> tuple[bytes, int | None] | None:
        assert self._control is not None
        space = socket.CMSG_SPACE(_DESCRIPTOR_BYTES)
        try:
            data, ancillary, _, _ = await self._control.recvmsg(PACKET_BYTES, space, socket.MSG_CMSG_CLOEXEC)
        except ConnectionError:
            return None
        descriptors = [int.from_bytes(body[:_DESCRIPTOR_BYTES], sys.byteorder) for _, _, body in ancillary]
        return (data, descriptors[0] if descriptors else None) if data else None

    def _welcome(self, pid: int, descriptor: int) -> None:
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(socket.socket(fileno=descriptor)))
        self._cells[pid] = cell = CellProcess(pid, stream)
        self._idle_in.send_nowait(cell)

    def _mourn(self, pid: int, status: int) -> None:
        cell = self._cells.pop(pid)
        cell.status = status
        cell.ended.set()

    def _bury_everything(self) -> None:
        self.gone = True
        self._idle_in.close()
        with suppress(trio.WouldBlock, trio.EndOfChannel):
            while True:
                self._idle_out.receive_nowait().stream.socket.close()
        for cell in self._cells.values():
            cell.ended.set()
        assert self._control is not None
        self._control.close()


def _is_waiting(cell: CellProcess) -> bool:
    """Whether an idle cell lives: at the end of a dead one's socket there is an end to be read, at once."""
    look = select.poll()
    look.register(cell.stream.socket.fileno(), select.POLLIN)
    return not look.poll(0)


def _spawn(control: int, ahead: int) -> subprocess.Popen[bytes]:
    # Not trio.lowlevel.open_process: that forks in a worker thread, and the zygote asks to be killed when the
    # thread that started it ends.
    folders = {str(Path(module.__file__ or "").parent.parent) for module in (battui, ormsgpack)}
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(start.__file__)), str(control), str(ahead), *sorted(folders)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[control],
        env={},
        cwd="/",
        start_new_session=True,
    )


async def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a zygote whose control socket is closed; kill it if it does not go by itself."""
    handle = os.pidfd_open(process.pid)
    try:
        with trio.CancelScope(shield=True):
            with trio.move_on_after(GRACE_S):
                await trio.lowlevel.wait_readable(handle)
            process.kill()
            await trio.lowlevel.wait_readable(handle)
    finally:
        os.close(handle)
        process.wait()
