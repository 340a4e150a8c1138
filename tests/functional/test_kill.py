"""kill -9, wherever it strikes: the mission goes on where it stood, and the sender's message is answered once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from battui.contracts.replies import OPEN_STATES
from battui.image.image import Image
from tests.functional.conftest import BODIES, Live, script_of
from tests.functional.test_main_job import MAKE, TEACH

Scripted = Callable[[str], Path]
# Slow enough that the kill strikes while the state is at work, not after it.
SLOW = {
    "DECOMPOSING": "JSON",
    "DELEGATING": "Answer in one short sentence",
    "SYNTHESIZING": "def deposit_",
}


def battui(folder: Path, home: Path, *arguments: str) -> subprocess.Popen[str]:
    places = {f"XDG_{name}_HOME": str(home / name) for name in ("STATE", "CACHE", "CONFIG", "DATA")}
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "battui",
            "--image",
            str(folder),
            "--engine",
            "scripted",
            "--no-ui",
            *arguments,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **places, "BATTUI_HEARTBEAT_ENABLED": "false"},
    )


def kill_when(process: subprocess.Popen[str], words: str) -> None:
    """Kill the process as soon as it says `words` on stderr."""
    assert process.stderr is not None
    heard = []
    for line in process.stderr:
        heard.append(line)
        if words in line:
            break
    else:
        pytest.fail(f"never said {words!r}: {''.join(heard)}")
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    assert process.stdout is not None
    process.stdout.close()


@pytest.mark.parametrize("state", OPEN_STATES[1:])
async def test_a_mission_survives_a_kill_in_each_state(
    scripted_image: Scripted, live: Live, tmp_path: Path, state: str
) -> None:
    slow = f"[[rules]]\nmatch = '{SLOW[state]}'\nanswers = ['x x x x x x x x']\ndelay = 30.0\n"
    folder = scripted_image(script_of(BODIES, extra=slow))
    kill_when(battui(folder, tmp_path, "--send", MAKE, "--send", TEACH), state)
    with Image.open(str(folder)) as image:
        slots = image.read(lambda world: dict(world.lobby["account"]._slots))
        assert (slots["balance"], "deposit_" in slots) == (100, False), "nothing is half installed"
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.until(lambda event: event.kind == "mission" and event.data.get("end") == "COMPLETE")
        mission = await life.mission("m1")
        states = [state for state, _ in mission.trail]
        assert states == ["IDLE", "DECOMPOSING", "DELEGATING", "SYNTHESIZING", "COMPLETE"]
        assert mission.answer == "None"
        assert (await life.line("account.balance")).value == 150


@pytest.mark.parametrize("words", ["candidate 1", "installed deposit_", "COMPLETE"])
async def test_a_kill_around_the_installation_neither_loses_nor_repeats_the_message(
    scripted_image: Scripted, live: Live, tmp_path: Path, words: str
) -> None:
    folder = scripted_image(script_of(BODIES))
    kill_when(battui(folder, tmp_path, "--send", MAKE, "--send", TEACH), words)
    async with live(folder) as life:
        if (await life.mission("m1")).answer == "":
            await life.until(lambda event: event.kind == "mission" and event.data.get("end") == "COMPLETE")
        assert (await life.line("account.balance")).value == 150
        assert (await life.line("account.deposit_(amount=1)")).mission == ""


async def test_the_command_line_sees_a_killed_mission_through(
    scripted_image: Scripted, tmp_path: Path
) -> None:
    slow = "[[rules]]\nmatch = 'def deposit_'\nanswers = ['x x x x']\ndelay = 30.0\n"
    folder = scripted_image(script_of(BODIES, extra=slow))
    kill_when(battui(folder, tmp_path, "--send", MAKE, "--send", TEACH), "SYNTHESIZING")
    scripted_image(script_of(BODIES))
    for _ in range(2):
        waiting = await trio.to_thread.run_sync(
            battui(folder, tmp_path, "missions", "wait", "m1").communicate
        )
        assert waiting[0].startswith("m1  COMPLETE")


async def test_a_crash_of_the_engine_in_mid_generation_costs_nothing_but_time(
    scripted_image: Scripted, live: Live, tmp_path: Path
) -> None:
    once = tmp_path / "crashed"
    answers = json.dumps(BODIES["def deposit_"])
    crash = (
        f"[[rules]]\nmatch = 'def deposit_'\nanswers = {answers}\nafter = 2\ncrash = true\nonce = '{once}'\n"
    )
    async with live(scripted_image(script_of({}, extra=crash))) as life:
        await life.line(MAKE)
        assert (await life.line(TEACH)).mission == "m1"
        assert once.exists()
        assert (await life.line("account.balance")).value == 150


async def test_a_killed_zygote_is_replaced_and_the_next_message_is_answered(
    scripted_image: Scripted, live: Live
) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        await life.line(TEACH)
        for child in _children(os.getpid()):
            if b"zygote" in child.read_bytes():
                os.kill(int(child.parent.name), signal.SIGKILL)
        assert (await life.line("account.deposit_(amount=1)")).mission == ""
        assert (await life.line("account.balance")).value == 151


def _children(pid: int) -> list[Path]:
    """The command lines of the processes that `pid` has started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [Path(f"/proc/{child}/cmdline") for child in listed]
