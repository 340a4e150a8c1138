"""The host's own part: what it does with frames, whatever the engine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from battui.contracts.generation import (
    EngineOptions,
    GenerationRequest,
    GenerationResult,
    ModelFiles,
    OnToken,
)
from battui.engines import host as host_module
from battui.engines.frames import VERSION, Frame, Unpacker, pack
from battui.engines.host import Host
from battui.engines.records import to_plain
from battui.engines.scripted import ScriptedEngine


class LateEngine(ScriptedEngine):
    """Gets to a request only after somebody has tried to cancel it."""

    def __init__(self) -> None:
        super().__init__()
        self.tried = threading.Event()

    def cancel(self, request_id: str) -> None:
        super().cancel(request_id)
        self.tried.set()

    def generate(self, request: GenerationRequest, on_token: OnToken) -> GenerationResult:
        self.tried.wait(10)
        return super().generate(request, on_token)


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The parent's end of a host that serves in a thread, its engine loaded."""
    monkeypatch.setattr(host_module, "create", lambda _: LateEngine())
    path = tmp_path / "script.toml"
    path.write_text(f'[[rules]]\nanswers = ["{"word " * 5000}"]\ndelay = 0.001\n')
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    serving = threading.Thread(target=Host(theirs).serve)
    serving.start()
    model, options = ModelFiles("script", "", {path.name: str(path)}), EngineOptions()
    ours.sendall(
        pack("hello", version=VERSION, engine="any", model=to_plain(model), options=to_plain(options))
    )
    yield ours
    ours.close()
    serving.join(10)
    theirs.close()
    assert not serving.is_alive()


def frames(connection: socket.socket) -> Iterator[Frame]:
    unpacker = Unpacker()
    while data := connection.recv(1 << 16):
        yield from unpacker.feed(data)


def test_a_job_cancelled_before_the_engine_knows_of_it_does_not_run_on(parent: socket.socket) -> None:
    arriving = frames(parent)
    next(frame for frame in arriving if frame["kind"] == "ready")
    request = to_plain(GenerationRequest("1", prompt="a", max_tokens=5000))

    parent.sendall(pack("generate", job=1, request=request) + pack("cancel", job=1))
    done = next(frame for frame in arriving if frame["kind"] == "done")

    (candidate,) = done["result"]["candidates"]
    assert candidate["finish"] == "cancelled"
    assert candidate["tokens"] < 100


def test_what_is_no_request_is_refused_and_the_host_goes_on(parent: socket.socket) -> None:
    arriving = frames(parent)
    next(frame for frame in arriving if frame["kind"] == "ready")

    parent.sendall(pack("generate", job=1, request={"id": 7}) + pack("count", job=2, text="one two"))

    answers = {frame["job"]: frame["kind"] for frame in (next(arriving), next(arriving))}
    assert answers == {1: "refused", 2: "counted"}
