"""The engine's process as the kernel holds it: started, spoken to, and surely ended."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from io import BufferedWriter
from pathlib import Path

import trio

from battui.contracts.errors import EngineFailed
from battui.engines.frames import Frame, Unpacker, pack
from battui.kernel.inference.scratch import Scratch

LOG_LIMIT = 1 << 20
GONE = (trio.BrokenResourceError, trio.ClosedResourceError)


class EngineProcess:
    """A running `battui.engines.host` in a session of its own, with the other end of its socket.

    What it prints goes to `log_path`. Its temporary files lie in a folder that is removed with it, so that nothing
    stays behind however it ended. Raises EngineFailed where it cannot be started.
    """

    def __init__(self, log_path: Path) -> None:
        ours, theirs = socket.socketpair()
        self._scratch = Scratch()
        try:
            # Not trio.lowlevel.open_process: it forks in a worker thread, and when that thread retires the host's
            # parent-death signal ends the host. This call blocks for a few milliseconds.
            self._child = _spawn(theirs, log_path, self._scratch.path)
        except OSError as error:
            ours.close()
            self._scratch.remove()
            raise EngineFailed(f"the engine's process cannot start: {error}", about=str(log_path)) from error
        finally:
            theirs.close()
        self.pid = self._child.pid
        self._pidfd = os.pidfd_open(self.pid)
        self._stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
        self._unpacker = Unpacker()
        self._queue, self._queued = trio.open_memory_channel[bytes](float("inf"))

    def send(self, kind: str, **fields: object) -> None:
        """Queue a frame; never blocks, so that a cancelled task can still say so."""
        with suppress(*GONE):
            self._queue.send_nowait(pack(kind, **fields))

    async def pump(self) -> None:
        """Write what `send` queues, for as long as the process listens."""
        with suppress(*GONE):
            async for frame in self._queued:
                await self._stream.send_all(frame)

    async def receive(self) -> list[Frame] | None:
        """The next frames (perhaps none yet), or None when the process has closed its end. Raises FrameError."""
        with suppress(*GONE):
            if data := await self._stream.receive_some():
                return list(self._unpacker.feed(data))
        return None

    async def close(self, grace_s: float) -> str:
        """End the process, in order if it manages within `grace_s` and by force if not; say how it ended."""
        with trio.CancelScope(shield=True):
            self._queue.close()
            with suppress(*GONE):
                await self._stream.send_eof()
            with trio.move_on_after(grace_s):
                await trio.lowlevel.wait_readable(self._pidfd)
            if self._child.poll() is None:
                self._child.kill()
                await trio.lowlevel.wait_readable(self._pidfd)
            code = self._child.wait()
            os.close(self._pidfd)
            await trio.aclose_forcefully(self._stream)
            self._scratch.remove()
        if code == errno.ENOMEM:
            return "ran out of memory"
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"


def _spawn(connection: socket.socket, log_path: Path, scratch: Path) -> subprocess.Popen[bytes]:
    fd = connection.fileno()
    command = [
        sys.executable,
        "-P",
        "-m",
        "battui.engines.host",
        "--fd",
        str(fd),
        "--parent",
        str(os.getpid()),
    ]
    with _open_log(log_path) as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(fd,),
            start_new_session=True,
            env={**os.environ, "TMPDIR": str(scratch), "PYTHONUNBUFFERED": "1"},
        )


def _open_log(path: Path) -> BufferedWriter:
    """The log, to be appended to; one that has grown long becomes `.1` first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        if path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_name(path.name + ".1"))
    path.touch(mode=0o600)  # engines print what they are asked
    return path.open("ab")
