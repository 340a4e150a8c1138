"""How long a key takes to be seen: byte into a pseudo-terminal, glyph out, beside a bare Textual app.

    python -m benchmarks.tui [keys]

Each app runs in a terminal of its own, in turns: a bare Textual app; battui with nothing to do, with 200 durable
messages a second from another process over the bridge, and while the bundled model writes. Printed are the time to
the first frame, milliseconds a key takes and by how much a tick sixty times a second is late (median and 99th
percentile), and the ratios of keys to the bare app; then the CPU of an idle battui, and its memory over a day of
events told in minutes (DAY_MINUTES, 4).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model, sha256_of
from benchmarks.terminal.screen import Screen, Spread
from benchmarks.terminal.subjects import HOURS, MINUTES_TOLD
from tests.terminal.house import House, Load

KEYS = 200
IDLE_S = 20.0
MESSAGES_A_SECOND = 200
MODEL = Path(__file__).parents[1] / ".cache" / "smollm2-135m" / "SmolLM2-135M-Instruct.Q4_1.gguf"
SUBJECT = (sys.executable, "-m", "benchmarks.terminal.subjects")


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds."""

    first_frame: float
    keys: Spread
    late: Spread


def measured(
    subject: str, ready: str, keys: int, house: House, load: Callable[[], AbstractContextManager[object]]
) -> Measured:
    """Type into one app under a load, once its first frame is there."""
    ticks = house.home / "ticks"
    screen = Screen((*SUBJECT, subject, str(ticks)), house.environment)
    try:
        screen.until(ready)
        first_frame = (time.perf_counter() - screen.started) * 1000
        screen.rest(2.0)
        if subject != "bare":
            screen.press(":")
        with load():
            screen.rest(1.0)
            began = time.perf_counter()
            taken = screen.typed(keys)
            ended = time.perf_counter()
    finally:
        screen.close()
    # Both processes read the same clock.
    late = tuple(late for at, late in json.loads(ticks.read_text()) if began <= at <= ended)
    return Measured(first_frame, taken, Spread(late))


def idle_cpu(house: House) -> float:
    """Percent of a core that the process of an idle battui uses."""
    screen = Screen((*SUBJECT, "battui"), house.environment)
    try:
        screen.until("lobby")
        screen.rest(5.0)
        before = screen.cpu_seconds()
        screen.rest(IDLE_S)
        return (screen.cpu_seconds() - before) / IDLE_S * 100
    finally:
        screen.close()


def memory_of_a_day(told: Path) -> list[float]:
    """MiB at the end of each hour that is told."""
    screen = Screen((*SUBJECT, "day", str(told)))
    try:
        screen.until("lobby")
        hours = []
        for _ in range(HOURS):
            screen.rest(MINUTES_TOLD * 60 / HOURS)
            hours.append(screen.resident_mib())
        while not told.exists():
            screen.rest(0.1)
        return [*hours[:-1], screen.resident_mib()]
    finally:
        screen.close()


def with_model(home: Path) -> House:
    """A house whose model is the bundled one."""
    house = House.built(home)
    record = ModelRecord("smollm2-135m", "SmolLM2", "chatml", "gguf", sha256_of(MODEL), MODEL.stat().st_size)
    with Image.open(str(house.image)) as image:
        incarnate_model(image, record, {MODEL.name: MODEL}, consume=False)
    house.environment |= {"BATTUI_ENGINE_NAME": "llama.cpp", "BATTUI_ENGINE_MODEL": "smollm2-135m"}
    return house


def main() -> None:
    keys = int(sys.argv[1]) if len(sys.argv) > 1 else KEYS
    print(f"load average {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    print(f"{'':<32}{'first frame':>12}{'key p50':>9}{'p99':>8}{'late p50':>10}{'p99':>8}   key to bare")
    with tempfile.TemporaryDirectory(prefix="battui-") as home:
        house = House.built(Path(home))
        messages = lambda: Load(house, messages=MESSAGES_A_SECOND, think=False)  # noqa: E731
        bare = measured("bare", "ready to type", keys, house, nullcontext)
        tell("bare Textual app", bare, bare)
        tell("battui, idle", measured("battui", "lobby", keys, house, nullcontext), bare)
        tell("battui, 200 messages/s", measured("battui", "lobby", keys, house, messages), bare)
        print(f"battui, idle: {idle_cpu(house):.1f} % of a core", flush=True)
    if MODEL.exists():
        with tempfile.TemporaryDirectory(prefix="battui-") as home:
            thinker = with_model(Path(home))
            thinking = lambda: Load(thinker, messages=0, think=True)  # noqa: E731
            tell("battui, a model writes", measured("battui", "lobby", keys, thinker, thinking), bare)
    with tempfile.TemporaryDirectory(prefix="battui-") as home:
        told = "  ".join(f"{mib:.1f}" for mib in memory_of_a_day(Path(home) / "told"))
    print(f"MiB at the end of each of {HOURS} hours, told in {MINUTES_TOLD:g} minutes: {told}")


def tell(name: str, took: Measured, bare: Measured) -> None:
    """Print a line."""
    ratios = " ".join(f"{took.keys.at(percent) / bare.keys.at(percent):.2f}" for percent in (50, 99))
    keys = f"{took.first_frame:>12.0f}{took.keys.at(50):>9.1f}{took.keys.at(99):>8.1f}"
    print(f"{name:<32}{keys}{took.late.at(50):>10.1f}{took.late.at(99):>8.1f}   {ratios}", flush=True)


if __name__ == "__main__":
    main()
