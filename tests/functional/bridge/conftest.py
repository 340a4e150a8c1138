"""Kernels in processes of their own, that can be killed, and clients that live on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Serve = Callable[..., "ServingKernel"]


class ServingKernel:
    """`battui bridge serve` in a process, and where it listens."""

    def __init__(self, home: Path, *flags: str) -> None:
        places = {f"XDG_{name}_HOME": str(home / name) for name in ("STATE", "CACHE", "CONFIG", "DATA")}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BATTUI_")}
        self.environment = {**kept, **places, "HOME": str(home), "BATTUI_HEARTBEAT_ENABLED": "false"}
        self._flags = flags
        self.process: subprocess.Popen[str] | None = None
        self.word: dict[str, Any] = {}

    def start(self) -> dict[str, Any]:
        """Start, and wait until it serves."""
        command = [sys.executable, "-m", "battui", "--engine", "none", "--output", "json", "bridge", "serve"]
        self.process = subprocess.Popen(
            [*command, *self._flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=self.environment,
        )
        assert self.process.stdout is not None
        self.word = json.loads(self.process.stdout.readline())
        return self.word

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.send_signal(number)
        code = self.process.wait()
        self.process.stdout.close()
        self.process = None
        return code

    def battui(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command with the same image."""
        return subprocess.run(
            [sys.executable, "-m", "battui", "--engine", "none", *arguments],
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=100,
            check=False,
        )


@pytest.fixture
def serving() -> Iterator[Serve]:
    kernels: list[ServingKernel] = []
    # The name of a socket is short, and the folders of pytest are not.
    with tempfile.TemporaryDirectory(prefix="battui-") as home:

        def make(*flags: str) -> ServingKernel:
            kernels.append(ServingKernel(Path(home), *flags))
            return kernels[-1]

        yield make
        for kernel in kernels:
            if kernel.process is not None:
                kernel.kill()
