"""The main job on nothing but real parts: the bundled model learns a message for good."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import trio

from battui.contracts.generation import ModelFiles
from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model
from tests.functional.conftest import Live
from tests.functional.test_main_job import MAKE, TEACH

pytestmark = pytest.mark.model


@pytest.fixture
def learning_image(bundled_model: ModelFiles, tmp_path: Path) -> Path:
    """A new image that holds the bundled model."""
    folder = tmp_path / "image"
    ((name, path),) = bundled_model.files.items()
    record = ModelRecord(
        bundled_model.name, "SmolLM2", "llama", "gguf", bundled_model.sha256, Path(path).stat().st_size
    )
    with Image.open(str(folder)) as image:
        incarnate_model(image, record, {name: Path(path)}, consume=False)
    return folder


async def test_the_bundled_model_learns_a_message_and_the_image_keeps_it(
    learning_image: Path, live: Live
) -> None:
    async with live(learning_image, engine__name="llama.cpp") as life:
        await life.line(MAKE)
        answer = await life.line(TEACH)
        assert (answer.mission, answer.learned) == ("m1", True)
        mission = await life.mission("m1")
        assert mission.tokens > 0
        assert mission.plan["strategy"]
    async with live(learning_image, engine__name="none") as life:
        assert (await life.line("account.deposit_(amount=25)")).mission == ""
        assert (await life.line("account.balance")).value == 175


async def test_killing_the_engine_in_mid_generation_does_not_end_the_mission(
    learning_image: Path, live: Live
) -> None:
    async with live(learning_image, engine__name="llama.cpp") as life, trio.open_nursery() as nursery:
        await life.line(MAKE)
        answers = []

        async def send() -> None:
            answers.append(await life.line(TEACH))

        nursery.start_soon(send)
        # A token means that the engine is in the middle of a text.
        await life.until(lambda event: event.kind == "token")
        (host,) = [pid for pid in _children() if b"battui.engines.host" in _command_line(pid)]
        os.kill(host, signal.SIGKILL)
        await life.until(lambda event: event.kind == "mission" and event.data.get("end") == "COMPLETE")
    assert [answer.mission for answer in answers] == ["m1"]


def _children() -> list[int]:
    return [
        int(pid)
        for task in Path("/proc/self/task").iterdir()
        for pid in (task / "children").read_text().split()
    ]


def _command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
