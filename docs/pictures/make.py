"""Make the pictures of the README: `python docs/pictures/make.py`, in a checkout.

The terminal runs without a terminal, over the portal that its tests play; its screens are kept as SVG.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))
# One clock for everybody who makes them.
os.environ["TZ"] = "UTC"
time.tzset()

from tests.unit.tui import scenes  # noqa: E402
from tests.unit.tui.screen import Terminal, open_terminal  # noqa: E402
from tests.unit.tui.scripted_portal import ScriptedPortal  # noqa: E402
from tests.unit.tui.small_world import START  # noqa: E402

time.time = lambda: START + 8
SIZE = (104, 30)
PICTURES: dict[str, tuple[Callable[[], ScriptedPortal], Callable[[Terminal], Awaitable[None]]]] = {
    "objects": (ScriptedPortal, scenes.a_learned_method),
    "approval": (ScriptedPortal, scenes.a_proposal),
    "search": (ScriptedPortal, scenes.passages),
    "ask": (ScriptedPortal, scenes.an_answer),
    "log": (ScriptedPortal, scenes.the_log),
    "memory": (ScriptedPortal, scenes.findings_and_adapters),
    "edit": (ScriptedPortal, scenes.a_method_refused),
    "senders": (ScriptedPortal, scenes.senders),
    "welcome": (scenes.empty_image, scenes.welcome),
}
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def without_fonts(svg: str) -> str:
    """The picture with the reader's own monospace font, for an image in a page may fetch none."""
    plain = re.sub(r"font-family: ?Fira Code", "font-family: ui-monospace, monospace", _FONTS.sub("", svg))
    return plain.replace("<svg ", '<svg xml:space="preserve" ', 1)


async def make(name: str) -> None:
    """Write one picture."""
    portal, scene = PICTURES[name]
    async with open_terminal(portal(), size=SIZE) as terminal:
        await scene(terminal)
        terminal.app.clear_notifications()
        await terminal.press("ctrl")
        svg = terminal.app.export_screenshot(title="battui")
    (HERE / f"{name}.svg").write_text(without_fonts(svg), encoding="utf-8")


async def main() -> None:
    """Write the pictures named on the command line, or all of them."""
    for name in sys.argv[1:] or PICTURES:
        await make(name)


if __name__ == "__main__":
    asyncio.run(main())
