"""A whole kernel with real storage, real cells and a real engine process that reads its words from a script."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trio

from battui.contracts.commands import Command
from battui.contracts.events import KernelEvent
from battui.contracts.message_line import parse_line
from battui.contracts.replies import Answer, MissionView, Reply
from battui.contracts.settings import Settings, load_settings
from battui.contracts.values import Value
from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model, sha256_of
from battui.kernel.kernel import Kernel

PLAN = """
[[rules]]
match = "JSON"
answers = ['{"strategy": "one assignment", "pillars": ["SAGE"], "sub_questions": {"SAGE": "How?"}, "look_up": []}']
"""
# What the model writes is the body: the head of the method is given to it.
BODIES = {
    "def deposit_": ["\n    self.balance += amount\n    self._p_changed = True\n"],
    "def audit": ["\n    return self.balance * 2\n"],
}


def script_of(bodies: dict[str, list[str]], extra: str = "") -> str:
    """A script: for each prompt that ends in such a head, these candidates; a plan; and words for the rest."""
    rules = "".join(_rule(f"{head}[^#]*$", answers) for head, answers in bodies.items())
    return f"{extra}{rules}{PLAN}\n[[rules]]\nmatch = ''\nanswers = ['It changes the balance.']\n"


def _rule(match: str, answers: list[str]) -> str:
    # JSON spells texts and lists as TOML does.
    return f"\n[[rules]]\nmatch = {json.dumps(match)}\nanswers = {json.dumps(answers)}\n"


@dataclass
class Life:
    """A running kernel, and what it has announced so far."""

    kernel: Kernel
    events: list[KernelEvent]
    told: trio.Event

    async def submit(self, command: Command) -> Reply:
        return await self.kernel.portal.submit(command)

    async def line(self, text: str) -> Answer:
        reply = await self.kernel.portal.submit(parse_line(text))
        assert isinstance(reply, Answer)
        return reply

    async def records(self, text: str) -> list[dict[str, Value]]:
        """The dictionaries that a line answers in a list."""
        value = (await self.line(text)).value
        assert isinstance(value, list)
        records = [each for each in value if isinstance(each, dict)]
        assert records == value
        return records

    async def mission(self, mission: str) -> MissionView:
        from battui.contracts.commands import ShowMission

        reply = await self.kernel.portal.submit(ShowMission(mission))
        assert isinstance(reply, MissionView)
        return reply

    async def until(self, wanted: Callable[[KernelEvent], bool]) -> KernelEvent:
        """The first event that is wanted, past ones included."""
        seen = 0
        while True:
            for event in self.events[seen:]:
                if wanted(event):
                    return event
            seen = len(self.events)
            await self.told.wait()

    async def follow(self, *, task_status: trio.TaskStatus[None]) -> None:
        async with self.kernel.portal.events(since=0) as events:
            task_status.started()
            async for event in events:
                self.events.append(event)
                told, self.told = self.told, trio.Event()
                told.set()


Live = Callable[..., AbstractAsyncContextManager[Life]]


@pytest.fixture
def scripted_image(tmp_path: Path) -> Callable[[str], Path]:
    """Put a script into a new image as its model; the image's folder."""

    def make(script: str) -> Path:
        folder = tmp_path / "image"
        file = tmp_path / "script.toml"
        file.write_text(script)
        record = ModelRecord("script", "Script", "script", "scripted", sha256_of(file), file.stat().st_size)
        with Image.open(str(folder)) as image:
            incarnate_model(image, record, {"script.toml": file}, consume=False)
        return folder

    return make


@pytest.fixture
def settings_for(tmp_path: Path) -> Callable[..., Settings]:
    """Settings for an image in a folder, with everything else below the test's own folder."""

    def make(folder: Path, **flags: object) -> Settings:
        places = {
            name: str(tmp_path / name) for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
        }
        usual = {"engine.name": "scripted", "heartbeat.enabled": False}
        return load_settings({**usual, **flags, "image": str(folder)}, places, None)

    return make


@pytest.fixture
def live(settings_for: Callable[..., Settings]) -> Live:
    """Start a kernel on an image's folder; it is shut down in order at the end."""

    @asynccontextmanager
    async def living(folder: Path, **flags: object) -> AsyncIterator[Life]:
        kernel = Kernel(
            settings_for(folder, **{name.replace("__", "."): value for name, value in flags.items()})
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(kernel.run)
            life = Life(kernel, [], trio.Event())
            await nursery.start(life.follow)
            yield life
            kernel.stop()

    return living
