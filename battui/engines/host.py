"""The engine's process: `python -P -m battui.engines.host --fd N --parent PID`.

Talks in frames over the socket it inherits. A crash of a model library ends this process and nothing else; whatever
the library prints goes to the log that the parent gave as standard output and error.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import faulthandler
import os
import signal
import socket
import threading
import time
import traceback
from array import array
from collections import Counter
from contextlib import suppress
from typing import Any

from battui.contracts.errors import BattuiError, EngineFailed
from battui.contracts.generation import Engine, EngineOptions, GenerationRequest, ModelFiles
from battui.engines.choice import create
from battui.engines.frames import VERSION, Frame, FrameError, Unpacker, error_fields, pack
from battui.engines.records import NotARecord, from_plain, to_plain
from battui.engines.token_flow import TokenFlow

BEAT_S = 1.0
UNBORN_BEATS = 5
PROGRESS_S = 0.1  # between two reports
GRACE_S = 1.0
PR_SET_PDEATHSIG = 1


class Host:
    """One engine and the jobs it runs, each in a thread, for the process at the other end of `connection`."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._sending = threading.Lock()
        self._engine: Engine | None = None
        self._jobs: dict[int, threading.Thread] = {}
        self._unwanted: set[int] = set()
        self._reported_at = float("-inf")

    def serve(self) -> None:
        """Answer frames until the other side closes its end."""
        unpacker = Unpacker()
        threading.Thread(target=self._beat, name="beat", daemon=True).start()
        while data := self._socket.recv(1 << 16):
            for frame in unpacker.feed(data):
                self._obey(frame)

    def close(self) -> None:
        """Cancel what runs and unload, within a moment."""
        for job in list(self._jobs):
            self._cancel(job)
        for thread in list(self._jobs.values()):
            thread.join(GRACE_S)
        if self._engine is not None:
            self._engine.unload()

    def _obey(self, frame: Frame) -> None:
        match frame["kind"]:
            case "hello":
                threading.Thread(target=self._load, args=(frame,), name="load", daemon=True).start()
            case "generate" | "count" | "embed":
                self._start(int(frame["job"]), frame)
            case "cancel":
                self._cancel(int(frame["job"]))

    def _load(self, frame: Frame) -> None:
        try:
            if frame["version"] != VERSION:
                raise EngineFailed(
                    "the engine's process is of another version of battui", remedy="Start battui again."
                )
            engine = create(frame["engine"])
            engine.load(
                from_plain(ModelFiles, frame["model"]),
                from_plain(EngineOptions, frame["options"]),
                self._report,
            )
            self._engine = engine
            self._send("ready", description=to_plain(engine.describe()))
        except MemoryError as error:
            out_of_memory(error)
        except Exception as error:
            self._refuse(error)

    def _report(self, fraction: float) -> None:
        now = time.monotonic()
        if now - self._reported_at >= PROGRESS_S or fraction >= 1.0:
            self._reported_at = now
            self._send("loading", progress=float(fraction))

    def _start(self, job: int, frame: Frame) -> None:
        work = {"generate": self._generate, "count": self._count, "embed": self._embed}[frame["kind"]]
        thread = threading.Thread(target=self._run, args=(work, job, frame), name=f"job {job}", daemon=True)
        self._jobs[job] = thread
        thread.start()

    def _run(self, work: Any, job: int, frame: Frame) -> None:
        try:
            if self._engine is None:
                raise EngineFailed("the engine has loaded no model yet")
            work(self._engine, job, frame)
        except MemoryError as error:
            out_of_memory(error)
        except Exception as error:
            self._refuse(error, job=job)
        finally:
            self._jobs.pop(job, None)
            self._unwanted.discard(job)

    def _generate(self, engine: Engine, job: int, frame: Frame) -> None:
        request = from_plain(GenerationRequest, frame["request"])
        flow = TokenFlow(lambda pieces: self._send("tokens", job=job, pieces=pieces))

        def heard(_job: str, index: int, piece: str) -> None:
            flow.add(index, piece)
            if job in self._unwanted:  # cancelled before the engine knew of it
                engine.cancel(request.id)

        result = engine.generate(request, heard)
        flow.flush()
        self._send("done", job=job, result=to_plain(result))

    def _count(self, engine: Engine, job: int, frame: Frame) -> None:
        self._send("counted", job=job, tokens=engine.count_tokens(str(frame["text"])))

    def _embed(self, engine: Engine, job: int, frame: Frame) -> None:
        vectors = engine.embed([str(text) for text in frame["texts"]])
        self._send("embedded", job=job, vectors=[array("f", vector).tobytes() for vector in vectors])

    def _cancel(self, job: int) -> None:
        if self._engine is not None and job in self._jobs:
            self._unwanted.add(job)
            self._engine.cancel(str(job))

    def _refuse(self, error: Exception, **where: int) -> None:
        if not isinstance(error, BattuiError | NotARecord):
            traceback.print_exception(error)
        self._send("refused", error=error_fields(error), **where)

    def _beat(self) -> None:
        pulse = threading.Event()
        unborn: Counter[int] = Counter()
        while not pulse.wait(BEAT_S):
            self._send("beat")
            # Without memory a thread may end before its first line, and whoever started it waits for ever.
            unborn = Counter({job: unborn[job] + 1 for job in self._unborn()})
            if any(beats >= UNBORN_BEATS for beats in unborn.values()):
                out_of_memory(None)

    def _unborn(self) -> list[int]:
        return [job for job, thread in list(self._jobs.items()) if not thread.is_alive()]

    def _send(self, kind: str, **fields: object) -> None:
        frame = pack(kind, **fields)
        with self._sending, suppress(OSError):  # a parent that is gone is seen where frames are awaited
            self._socket.sendall(frame)


def out_of_memory(error: BaseException | None) -> None:
    """End the process: nobody knows what is left undone in it, and a new one has room again."""
    with suppress(MemoryError):
        traceback.print_exception(error)
    os._exit(errno.ENOMEM)


def watch_threads() -> None:
    """See to it that no thread ends in silence for want of memory: its job would never be answered."""

    def uncaught(problem: threading.ExceptHookArgs) -> None:
        if isinstance(problem.exc_value, MemoryError):
            out_of_memory(problem.exc_value)
        threading.__excepthook__(problem)

    threading.excepthook = uncaught


def die_with(parent: int) -> None:
    """Have the kernel end this process when the parent ends, even while a library holds the interpreter."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the call
        os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="battui.engines.host")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-c is the parent's to interpret
    die_with(arguments.parent)
    faulthandler.enable()
    watch_threads()
    host = Host(socket.socket(fileno=arguments.fd))
    try:
        host.serve()
    except (MemoryError, RuntimeError) as error:  # RuntimeError: no thread can be started
        out_of_memory(error)
    except (OSError, FrameError) as error:
        traceback.print_exception(error)
    finally:
        host.close()
    os._exit(0)  # a library's threads may still run: no interpreter shutdown under them


if __name__ == "__main__":
    main()
