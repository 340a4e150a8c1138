"""The zygote: a sealed process without threads that forks cells and buries them.

It speaks with the kernel over a SOCK_SEQPACKET socket, one packed message a packet. To the kernel: `sealed` (once),
`cell` (with the cell's socket as a descriptor), `ended`, or `failed`. From the kernel: `fork` and `kill`.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import signal
import socket
import sys
import warnings
from dataclasses import asdict
from typing import NoReturn, cast

from battui.cell import child, limits, sandbox, seccomp, wire
from battui.cell.messages import Message
from battui.cell.namespace import Namespaces
from battui.contracts.offered import offered

PACKET_BYTES = 4096

# Modules that Python imports only when a method first does something; a sealed cell could not.
_IMPORTED_LATE = ("encodings.latin_1", "encodings.ascii", "encodings.utf_16", "heapq", "unicodedata")

# After about this many calls the interpreter has specialised what it runs.
_REHEARSALS = 20


def main(control: int, ahead: int) -> None:
    """Seal this process, fork `ahead` cells, and serve the kernel until it is gone."""
    kernel = socket.socket(fileno=control)
    try:
        readiness, report = _prepare()
        if not report.sealed:
            raise OSError(
                "this machine has neither Landlock nor a seccomp filter, so nothing would hold a cell"
            )
    except Exception as error:
        _tell(kernel, {"kind": "failed", "words": f"{type(error).__name__}: {error}"})
        raise
    _tell(kernel, {"kind": "sealed", "report": asdict(report)})
    Zygote(kernel, readiness).serve(ahead)


class Zygote:
    """Forks and kills cells as the kernel says, and reports each cell's end."""

    def __init__(self, kernel: socket.socket, readiness: child.Readiness) -> None:
        self._kernel = kernel
        self._readiness = readiness
        self._cells: dict[int, int] = {}
        self._poll = select.poll()
        self._poll.register(kernel, select.POLLIN)

    def serve(self, ahead: int) -> NoReturn:
        """Work until the kernel closes its end; then nothing of this is left."""
        try:
            for _ in range(ahead):
                self._fork()
            while self._work():
                pass
        finally:
            # A kernel that goes in the middle of a message shows as an error.
            self._end()

    def _work(self) -> bool:
        for descriptor, _ in self._poll.poll():
            if descriptor != self._kernel.fileno():
                self._bury(descriptor)
            elif not self._obey():
                return False
        return True

    def _obey(self) -> bool:
        packet = self._kernel.recv(PACKET_BYTES)
        if not packet:
            return False
        message = cast("Message", wire.unpack(packet))
        if message["kind"] == "fork":
            self._fork()
        elif message["pid"] in self._cells.values():
            # Until it is waited for, the number cannot belong to another process.
            os.kill(cast("int", message["pid"]), signal.SIGKILL)
        return True

    def _fork(self) -> None:
        ours, theirs = socket.socketpair()
        zygote = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_cell(ours, theirs, zygote)
        theirs.close()
        handle = os.pidfd_open(pid)
        self._cells[handle] = pid
        self._poll.register(handle, select.POLLIN)
        socket.send_fds(self._kernel, [wire.pack({"kind": "cell", "pid": pid})], [ours.fileno()])
        ours.close()

    def _become_cell(self, ours: socket.socket, theirs: socket.socket, zygote: int) -> NoReturn:
        try:
            ours.close()
            self._kernel.close()
            for handle in self._cells:
                os.close(handle)
            child.live(theirs.fileno(), self._readiness, zygote)
        finally:
            # Whatever goes wrong, a cell must never come back into the zygote's loop.
            os._exit(1)

    def _bury(self, handle: int) -> None:
        self._poll.unregister(handle)
        os.close(handle)
        pid = self._cells.pop(handle)
        _, status = os.waitpid(pid, 0)
        _tell(self._kernel, {"kind": "ended", "pid": pid, "status": os.waitstatus_to_exitcode(status)})

    def _end(self) -> NoReturn:
        for pid in self._cells.values():
            os.kill(pid, signal.SIGKILL)
        for pid in self._cells.values():
            os.waitpid(pid, 0)
        os._exit(0)


def _prepare() -> tuple[child.Readiness, sandbox.SandboxReport]:
    # Nobody could read them, and to show one Python would open files.
    warnings.simplefilter("ignore")
    for module in _IMPORTED_LATE:
        importlib.import_module(module)
    namespaces = Namespaces(offered())
    filter_program = seccomp.native() if seccomp.supported() else None
    for _ in range(_REHEARSALS):
        child.rehearse(namespaces)
    sys.path.clear()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.disable()
    gc.collect()
    gc.freeze()
    readiness = child.Readiness(namespaces, filter_program, limits.mapped_bytes())
    return readiness, sandbox.seal_zygote()


def _tell(kernel: socket.socket, message: Message) -> None:
    kernel.send(wire.pack(message))
