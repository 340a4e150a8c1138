"""Every screen as text, at three sizes and in two themes: words as kept in files, colours that can be read."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from rich.color import ColorType
from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip

from tests.unit.tui import scenes
from tests.unit.tui.screen import Terminal, open_terminal, played
from tests.unit.tui.small_world import START

KEPT = Path(__file__).with_name("snapshots")
SIZES = ((80, 24), (120, 40), (200, 60))
WRITE = "BATTUI_WRITE_SNAPSHOTS"
"""With this variable set, the files are written anew instead of compared; look at what changed."""

THEMES = {"battui-light": 3.0, "battui-contrast": 7.0}
"""The least contrast of any text, by the formula of WCAG 2: 3 for large text, 7 for the best level."""

MIDDLE = (120, 40)
SWEEPS = [
    pytest.param(
        size,
        themes,
        id=f"{size[0]}x{size[1]}{'-themes' * themes}",
        # Colours do not hang on the size: one size in all themes is enough for every day.
        marks=[pytest.mark.slow] if themes and size != MIDDLE else [],
    )
    for size in SIZES
    for themes in (False, True)
    if themes or size != MIDDLE
]

SCREENS: dict[str, Callable[[Terminal], Awaitable[None]]] = {
    "objects": scenes.a_learned_method,
    "missions": scenes.a_proposal,
    "log": scenes.the_log,
    "history": scenes.the_history,
    "search": scenes.passages,
    "ask": scenes.an_answer,
    "memory": scenes.findings_and_adapters,
}
DIALOGS: dict[str, Callable[[Terminal], Awaitable[None]]] = {
    "edit": scenes.a_method_refused,
    "uses": scenes.senders,
    "reason": scenes.a_rejection,
    "palette": scenes.the_palette,
    "help": scenes.help_and_back,
}
"""What covers the panes, each closed with escape."""


@pytest.fixture(autouse=True)
def _one_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr(time, "time", lambda: START + 8)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def settled(terminal: Terminal) -> str:
    """What the screen shows once nothing changes any more, without what goes away by itself."""
    terminal.app.clear_notifications()
    before = ""
    for _ in range(50):
        await terminal.press("ctrl")
        if before == terminal.text and not terminal.app._notifications:
            return before
        before = terminal.text
    raise AssertionError(f"the screen never rests\n{before}")


async def dialog(terminal: Terminal) -> str:
    """What the dialog shows, without what lies under it: that Textual paints as it was, as it is, or not at all."""
    lines = (await settled(terminal)).splitlines()
    screen = terminal.app.screen
    # The palette's container has no place of its own.
    widgets = [child for child in screen.displayed_children if child.region.area] or [*screen.query("*")]
    place = Region.from_union([widget.region for widget in widgets if widget.region.area])
    return "\n".join(line[place.x : place.right].rstrip() for line in lines[place.y : place.bottom])


def compare(name: str, size: tuple[int, int], text: str) -> None:
    file = KEPT / f"{name}-{size[0]}x{size[1]}.txt"
    if os.environ.get(WRITE):
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{text.rstrip()}\n", encoding="utf-8")
    assert text.rstrip().splitlines() == file.read_text(encoding="utf-8").rstrip().splitlines(), file.name


def colours(strips: list[Strip]) -> Iterator[tuple[str, Color, Color]]:
    """Each piece of text with its colours, as far as both are known."""
    for strip in strips:
        for text, style, _ in strip:
            if text.strip() and style is not None and style.color and style.bgcolor:
                pair = [Color.from_rich_color(each) for each in (style.color, style.bgcolor)]
                if ColorType.DEFAULT not in (style.color.type, style.bgcolor.type):
                    yield text, pair[0], pair[1]


def contrast(first: Color, second: Color) -> float:
    """The contrast of two colours by the formula of WCAG 2."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    parts = [part / 255 for part in colour.rgb]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def check_colours(terminal: Terminal, words: str) -> None:
    """The other themes show the same words, and each of them can be read."""
    usual = terminal.app.theme
    for theme, least in THEMES.items():
        terminal.app.theme = theme
        assert await settled(terminal) == words
        strips = terminal.app.screen._compositor.render_strips()
        weak = {
            (text.strip(), front.hex, back.hex)
            for text, front, back in colours(strips)
            if any(letter.isalnum() for letter in text) and contrast(front, back) < least
        }
        assert not weak, theme
    terminal.app.theme = usual


@pytest.mark.parametrize(("size", "themes"), SWEEPS)
def test_every_screen_is_as_it_was_in_every_theme(size: tuple[int, int], themes: bool) -> None:
    async def scene() -> None:
        async with open_terminal(size=size) as terminal:
            for name, show in SCREENS.items():
                await show(terminal)
                words = await settled(terminal)
                compare(name, size, words)
                if themes:
                    await check_colours(terminal, words)

    played(scene)


@pytest.mark.parametrize(("size", "themes"), SWEEPS)
def test_every_dialog_is_as_it_was_in_every_theme(size: tuple[int, int], themes: bool) -> None:
    async def scene() -> None:
        async with open_terminal(size=size) as terminal:
            await scenes.a_proposal(terminal)
            await terminal.press("escape", "escape")
            await settled(terminal)
            for name, show in DIALOGS.items():
                await show(terminal)
                words = await dialog(terminal)
                compare(name, size, words)
                # What lies under a dialog is faint on purpose, and the palette closes when a theme is chosen.
                if themes and name != "palette":
                    terminal.app.theme = "battui-light"
                    assert await dialog(terminal) == words
                    terminal.app.theme = "battui-dark"
                while len(terminal.app.screen_stack) > 1:
                    await terminal.press("escape")

    played(scene)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_an_empty_image_is_as_it_was(size: tuple[int, int]) -> None:
    async def scene() -> None:
        async with open_terminal(scenes.empty_image(), size=size) as terminal:
            await scenes.welcome(terminal)
            compare("welcome", size, await settled(terminal))

    played(scene)


def test_text_without_contrast_is_found() -> None:
    assert contrast(Color.parse("#777777"), Color.parse("#ffffff")) == pytest.approx(4.48, abs=0.01)
    assert contrast(Color.parse("#000000"), Color.parse("#ffffff")) == pytest.approx(21)
