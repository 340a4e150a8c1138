"""What sits in the terminals of the benchmark: `python -m benchmarks.terminal.subjects NAME [FILE]`.

    bare       a Textual app with an input and nothing else
    battui     battui itself, as its command starts it
    day        the terminal over the portal that its tests play: a working day of events, in minutes

With a file, the first two tick sixty times a second, and write there at their end how late each tick was; the third
writes it when the day has been told.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import Input, Static

HZ = 60
HOURS, MINUTES_TOLD = 8, float(os.environ.get("DAY_MINUTES", "4"))


class Ticks:
    """Sleeps to each sixtieth of a second, and notes how late it wakes."""

    def __init__(self) -> None:
        self._late: list[tuple[float, float]] = []

    @contextmanager
    def kept_in(self, file: str) -> Iterator[None]:
        task = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            task.cancel()
            Path(file).write_text(json.dumps(self._late))

    async def _tick(self) -> None:
        due = time.perf_counter()
        while True:
            due += 1 / HZ
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            now = time.perf_counter()
            self._late.append((now, (now - due) * 1000))


def ticking(app: type[App[Any]], file: str) -> type[App[Any]]:
    """Let the app's loop be watched."""

    class Ticking(app):  # type: ignore[misc, valid-type]
        CSS_PATH = getattr(app, "CSS_PATH", None)

        async def run_async(self, **options: Any) -> Any:
            with Ticks().kept_in(file):
                return await super().run_async(**options)

    return Ticking


class Bare(App[int]):
    """An app with an input and nothing else."""

    def compose(self) -> ComposeResult:
        yield Static("ready to type")
        yield Input()

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False
        self.query_one(Input).focus()


def show_battui(file: str) -> None:
    """Run the command; its app ticks where there is a file."""
    from battui.cli.main import main
    from battui.tui import app

    if file:
        app.BattuiApp = ticking(app.BattuiApp, file)  # type: ignore[assignment, misc]
    sys.exit(main([]))


async def show_day(file: str) -> None:
    """Tell a day: each second an object changes, each minute a mission is thought through."""
    from battui.contracts.replies import CandidateView
    from battui.tui.app import BattuiApp
    from tests.unit.tui.scripted_portal import ScriptedPortal
    from tests.unit.tui.small_world import SOURCE

    portal = ScriptedPortal()
    app = BattuiApp(portal, image="demo.fs")
    faster = HOURS * 60 / MINUTES_TOLD

    async def tell() -> None:
        await portal.following.wait()
        began = asyncio.get_running_loop().time()
        for second in range(HOURS * 3600):
            portal.tell("object", "account", data={"oids": [1]})
            if second % 60 == 0:
                mission = f"d{second // 60}"
                portal.begin_mission(mission, "account.deposit_", 1_700_000_000.0 + second)
                portal.enter(mission, "SYNTHESIZING")
                for word in SOURCE.split(" "):
                    portal.write(mission, 0, word)
                portal.judge(mission, CandidateView(0, SOURCE, "accepted", True))
                portal.complete(mission, "150")
            portal.commands.clear()
            await asyncio.sleep(max(0.0, began + second / faster - asyncio.get_running_loop().time()))

        Path(file).write_text("told")  # noqa: ASYNC240  # it is over

    telling = asyncio.create_task(tell())
    await app.run_async()
    telling.cancel()


def main() -> None:
    subject, file = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    if subject == "bare":
        (ticking(Bare, file) if file else Bare)().run()
    elif subject == "battui":
        show_battui(file)
    else:
        asyncio.run(show_day(file))


if __name__ == "__main__":
    main()
