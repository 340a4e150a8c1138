"""A home with an image in which an account has learned to deposit, and a model that rambles when asked to."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model, sha256_of

BATTUI = (sys.executable, "-m", "battui")
SCRIPT = r"""
[[rules]]
match = "def deposit_[^#]*$"
answers = ["\n    self.balance += amount\n    self._p_changed = True\n"]

[[rules]]
match = "def withdraw_[^#]*$"
answers = ["\n    self.balance -= amount\n    self._p_changed = True\n"]

[[rules]]
match = "def ramble[^#]*$"
answers = ["RAMBLE"]
delay = 0.02

[[rules]]
match = "JSON"
answers = ['{"strategy": "one assignment", "pillars": [], "sub_questions": {}, "look_up": []}']

[[rules]]
match = ""
answers = ["It holds enough."]
""".replace("RAMBLE", "word " * 20_000)
LEARN = (
    "account = genesis_obj.clone(balance=100)",
    "account.deposit_(amount=50)  # add amount to balance => self.balance == 150",
)
MESSAGES_A_SECOND = 200


class House:
    """Runs battui at home, and sees what is left of it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.image = home / ".local" / "share" / "battui" / "image"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BATTUI_", "XDG_"))}
        # The sign by which this house's processes are known, however they were started.
        self._sign = f"HOUSE_UNDER_TEST={home}"
        self.environment = {
            **kept,
            "HOME": str(home),
            "BATTUI_ENGINE_NAME": "scripted",
            "HOUSE_UNDER_TEST": str(home),
            "BATTUI_HEARTBEAT_ENABLED": "false",
        }

    @classmethod
    def built(cls, home: Path) -> House:
        """A new house."""
        house, script = cls(home), home / "script.toml"
        script.write_text(SCRIPT)
        record = ModelRecord(
            "script", "Script", "script", "scripted", sha256_of(script), script.stat().st_size
        )
        with Image.open(str(house.image)) as image:
            incarnate_model(image, record, {"script.toml": script}, consume=False)
        house.battui("--no-ui", *(word for line in LEARN for word in ("--send", line)))
        return house

    def copied(self, home: Path) -> House:
        """Another house like this one."""
        shutil.copytree(self.image, home / self.image.relative_to(self.home))
        return House(home)

    def battui(self, *words: str) -> str:
        """What a command prints; its code has to be 0."""
        done = subprocess.run(
            [*BATTUI, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def detach(self) -> int:
        """Start a kernel in the background; its process."""
        pid = json.loads(self.battui("--output", "json", "--detach"))["pid"]
        assert isinstance(pid, int)
        return pid

    def is_clean(self, acknowledged: list[int]) -> None:
        """The image is whole: it opens, each method passes, and whatever was acknowledged is there."""
        assert self.battui("verify").splitlines() == ["account.deposit_  ok"]
        with Image.look(str(self.image)) as image:
            slots = image.read(lambda world: dict(world.lobby["account"]._slots))
        assert slots["balance"] == 150
        for lane, number in enumerate(acknowledged):
            assert slots[f"lane{lane}"] >= number

    def processes(self) -> list[int]:
        """The processes of this house that are alive."""
        return [int(process.name) for process in Path("/proc").glob("[0-9]*") if self._is_ours(process)]

    def _is_ours(self, process: Path) -> bool:
        with suppress(OSError):
            return self._sign.encode() in (process / "environ").read_bytes().split(b"\0")
        return False

    def put_out(self) -> None:
        """End what a test that failed has left running."""
        for process in self.processes():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def falls_empty(self, seconds: float) -> list[int]:
        """Wait until no process of this house is alive; those that still are after so many seconds."""
        until = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < until:
            time.sleep(0.02)  # the end of a process that is not one's own child tells nobody
        return left


class Load:
    """The load in a process of its own, as a context."""

    def __init__(self, house: House, *, messages: int = MESSAGES_A_SECOND, think: bool = True) -> None:
        self._house = house
        self._words = (str(messages), *(["think"] if think else []))
        self.acknowledged: list[int] = []

    def __enter__(self) -> Load:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.terminal.load", *self._words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self._house.environment,
            cwd=Path(__file__).parents[2],
        )
        assert self._process.stdout is not None
        word = self._process.stdout.readline()
        assert word == "flowing\n", word
        return self

    def settle(self) -> list[int]:
        """Let it end; what it knows to be done."""
        out, _ = self._process.communicate(timeout=60)
        self.acknowledged = json.loads(out)
        return self.acknowledged

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
