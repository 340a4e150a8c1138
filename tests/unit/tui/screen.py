"""The terminal as a user meets it: keys go in, text comes out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from battui.tui.app import BattuiApp
from tests.unit.tui.scripted_portal import ScriptedPortal

WIDE = (120, 40)
NARROW = (80, 24)


class Terminal:
    """Drives the app by keys and reads its screen."""

    def __init__(self, app: BattuiApp, pilot: Pilot[int], portal: ScriptedPortal) -> None:
        self.app = app
        self.portal = portal
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)

    async def write(self, line: str) -> None:
        """Write a message line and send it."""
        await self.press("colon")
        self.line.insert_text_at_cursor(line)
        await self.press("enter")

    @property
    def line(self) -> Input:
        return self.app.query_one("#line", Input)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    async def shows(self, *texts: str) -> None:
        """Wait until all of `texts` are on the screen."""
        await self.until(lambda: all(text in self.text for text in texts))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for `condition`, one turn of the app after the other."""
        try:
            async with asyncio.timeout(10):
                while not condition():
                    await self._pilot.pause()
                    await asyncio.sleep(0)
        except TimeoutError:
            raise AssertionError(f"it never came; the screen shows\n{self.text}") from None


@asynccontextmanager
async def open_terminal(
    portal: ScriptedPortal | None = None,
    *,
    size: tuple[int, int] = WIDE,
    keymap: Mapping[str, str] | None = None,
    state_dir: Path | None = None,
    theme_dirs: tuple[Path, ...] = (),
) -> AsyncIterator[Terminal]:
    portal = portal or ScriptedPortal()
    app = BattuiApp(portal, image="demo.fs", keymap=keymap, state_dir=state_dir, theme_dirs=theme_dirs)
    async with app.run_test(size=size, notifications=True) as pilot:
        await portal.following.wait()
        yield Terminal(app, pilot, portal)


def played(scene: Callable[[], Awaitable[None]]) -> None:
    """Play a scene in asyncio, where Textual lives."""

    async def play() -> None:
        await scene()

    asyncio.run(play())
