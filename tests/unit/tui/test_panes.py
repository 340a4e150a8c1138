"""Tabs, inspector, log, history, help, palette, copying, themes and the end."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from battui.contracts.commands import Path as Names
from battui.contracts.commands import ShowObject, Undo
from battui.contracts.errors import UsageError
from battui.contracts.resources import folder
from battui.tui.app import BattuiApp
from battui.tui.clipboard import MAX_COPY, copy_sequence, fits_clipboard
from battui.tui.keys import checked_keymap, key_actions
from battui.tui.news import PAUSE, News, NewsFeed
from battui.tui.themes import load_theme, load_themes
from tests.unit.tui.screen import NARROW, WIDE, open_terminal, played
from tests.unit.tui.scripted_portal import ScriptedPortal
from tests.unit.tui.small_world import SOURCE


def test_tabs_are_switched_by_brackets_and_numbers() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.shows("lobby")
            await terminal.press("right_square_bracket")
            await terminal.shows("No missions yet")
            await terminal.press("left_square_bracket", "left_square_bracket")
            await terminal.shows("What the heartbeat has found")
            await terminal.press("left_square_bracket")
            await terminal.shows("what do you want to know?")
            await terminal.press("4")
            await terminal.shows("install account_prototype.deposit_")
            await terminal.press("3")
            await terminal.shows("level info and up")
            await terminal.press("1")
            await terminal.shows("lobby")

    played(scene)


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_references_are_followed_there_and_back(size: tuple[int, int]) -> None:
    async def scene() -> None:
        async with open_terminal(size=size) as terminal:
            await terminal.until(lambda: ShowObject(Names((), 1)) in terminal.portal.commands)
            await terminal.press("enter")
            await terminal.shows("account  @1", "from account_prototype", "ƒ  deposit_")
            await terminal.press("j", "j", "enter")
            await terminal.shows("account → ada  @3", "'Ada'")
            await terminal.press("escape")
            await terminal.shows("account  @1")
            await terminal.press("home", "enter")
            await terminal.shows("account → account_prototype  @2", "self._p_changed = True")
            await terminal.press("backspace", "backspace")
            await terminal.shows("lobby")

    played(scene)


def test_the_tree_fills_as_one_opens_it() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.until(lambda: ShowObject(Names((), 1)) in terminal.portal.commands)
            await terminal.press("space")
            await terminal.shows("owner  ada", "parent*  account_protot")
            await terminal.press("G", "enter")
            await terminal.shows("genesis_obj")

    played(scene)


def test_the_inspector_shows_what_has_become_of_its_object() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.shows("balance", "100")
            view = terminal.portal.views[1]
            slots = tuple(
                type(slot)("balance", "data", "150", 150) if slot.name == "balance" else slot
                for slot in view.slots
            )
            terminal.portal.views[1] = type(view)(1, "account", slots)
            terminal.portal.tell("object", "account", data={"oids": [1]})
            await terminal.shows("150")

    played(scene)


def test_the_log_is_filtered_and_held_still() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            portal = terminal.portal
            await terminal.press("3")
            portal.tell("kernel", "started")
            portal.tell("cell", "a cell was stopped", level="warning")
            portal.tell("engine", "a detail", level="debug")
            await terminal.shows("started", "a cell was stopped", "2 of 3 lines")
            await terminal.press("slash", *"CELL", "enter")
            await terminal.shows("1 of 3 lines")
            await terminal.press("escape", "f")
            await terminal.shows("1 of 3 lines", "level warning and up")
            await terminal.press("f", "f")
            await terminal.shows("3 of 3 lines", "a detail")
            await terminal.press("space")
            portal.tell("error", "something broke", level="error")
            await terminal.shows("paused, 1 waiting")
            assert "something broke" not in terminal.text
            await terminal.press("space")
            await terminal.shows("something broke", "4 of 4 lines")

    played(scene)


def test_the_log_keeps_the_lines_from_the_first_on() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.press("3")
            for number in range(5_500):
                terminal.portal.tell("heartbeat", f"beat {number}")
            await terminal.shows("beat 5499")
            shown = terminal.text.partition(" lines")[0].split()[-3:]
            assert shown[0] == shown[2], "no level is left out"
            await terminal.press("g")
            await terminal.until(lambda: "beat 5499" not in terminal.text)
            await terminal.press("y")
            await terminal.shows("Copied")

    played(scene)


def test_a_transaction_is_taken_back_from_the_history() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.press("4")
            await terminal.shows("install account_prototype.deposit_", "bind account")
            await terminal.press("j", "z")
            await terminal.shows("03ff01 is taken back")
            assert Undo("03ff01") in terminal.portal.commands

    played(scene)


def test_help_lists_every_action_with_the_key_it_has_now() -> None:
    async def scene() -> None:
        async with open_terminal(size=(120, 120), keymap={"app.help": "f1"}) as terminal:
            await terminal.press("question_mark")
            assert "The message line" not in terminal.text
            await terminal.press("f1")
            await terminal.shows("The message line", *(action.id for action in key_actions()))
            assert "f1" in terminal.text
            await terminal.press("escape")
            await terminal.until(lambda: "The message line" not in terminal.text)

    played(scene)


def test_a_keymap_is_checked() -> None:
    with pytest.raises(UsageError, match=r"app\.dance"):
        checked_keymap({"app.dance": "d"})
    with pytest.raises(UsageError, match=r"app\.help"):
        checked_keymap({"app.help": " "})


def test_the_palette_performs_an_action_in_its_own_tab() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.press("ctrl+p")
            await terminal.press(*"pause", "down", "enter")
            await terminal.shows("paused, 0 waiting")

    played(scene)


def test_copy_takes_the_source_on_the_screen() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.shows("account  @1")
            await terminal.press("enter", "end")
            await terminal.shows("self._p_changed")
            await terminal.press("y")
            await terminal.shows(f"Copied {len(SOURCE)} bytes")
            assert terminal.app.clipboard == SOURCE
            terminal.app.copy_to_clipboard("x" * (MAX_COPY + 1))
            await terminal.shows("too many for the terminal's clipboard")
            assert terminal.app.clipboard == SOURCE

    played(scene)


@pytest.mark.parametrize(
    ("environment", "sequence"),
    [
        ({}, "\x1b]52;c;aGk=\x07"),
        ({"TMUX": "/tmp/t"}, "\x1b]52;c;aGk=\x07\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\"),
        ({"STY": "1.pts"}, "\x1bP\x1b]52;c;aGk=\x07\x1b\\"),
    ],
)
def test_the_clipboard_is_reached_through_multiplexers(environment: dict[str, str], sequence: str) -> None:
    assert copy_sequence("hi", environment) == sequence


def test_terminals_take_a_hundred_thousand_bytes_of_base64() -> None:
    assert fits_clipboard("x" * MAX_COPY)
    assert not fits_clipboard("é" * (MAX_COPY // 2 + 1))
    assert len(copy_sequence("x" * MAX_COPY, {})) <= 100_000


def test_the_themes_of_the_house_are_complete() -> None:
    themes, errors = load_themes([folder("themes")])
    assert {"battui-dark", "battui-light", "battui-contrast"} <= {theme.name for theme in themes}
    assert errors == []
    assert all("muted" in theme.variables for theme in themes)


@pytest.mark.parametrize(
    ("described", "complaint"),
    [
        ("primary = ", "cannot be read"),
        ("dark = true", "no primary colour"),
        ("primary = 'grass'", "is no colour for primary"),
        ("primary = '#fff'\nfont = 'x'", "has no 'font'"),
    ],
)
def test_a_theme_that_cannot_be_used_says_why(tmp_path: Path, described: str, complaint: str) -> None:
    (tmp_path / "mine.toml").write_text(described)
    with pytest.raises(UsageError, match=complaint) as raised:
        load_theme(tmp_path / "mine.toml")
    assert "mine.toml" in str(raised.value)


def test_a_users_theme_joins_and_a_broken_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("primary = '#336699'")
    (tmp_path / "broken.toml").write_text("dark = true")

    async def scene() -> None:
        async with open_terminal(theme_dirs=(tmp_path,)) as terminal:
            assert "mine" in terminal.app.available_themes
            await terminal.shows("no primary colour")
            terminal.app.theme = "mine"
            await terminal.shows("lobby")

    played(scene)


def test_a_theme_that_does_not_exist_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="battui-dark"):
        BattuiApp(ScriptedPortal(), image="demo.fs", theme="grass")


def test_quit_ends_with_code_0() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.press("ctrl+q")
            assert terminal.app.return_value == 0

    played(scene)


def test_the_end_of_the_kernel_ends_the_terminal_with_code_3() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            terminal.portal.end()
            await terminal.until(lambda: terminal.app.return_value == 3)

    played(scene)


def test_a_fault_of_the_kernel_ends_the_terminal_with_code_3() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            terminal.portal.failure = ZeroDivisionError("a fault")
            await terminal.write("account.balance")
            await terminal.until(lambda: terminal.app.return_value == 3)

    played(scene)


def test_a_storm_of_events_is_delivered_ten_times_a_second_at_most() -> None:
    async def scene() -> None:
        portal = ScriptedPortal()
        batches: list[tuple[float, News]] = []
        clock = asyncio.get_running_loop().time
        feed = NewsFeed(lambda news: batches.append((clock(), news)))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(feed.follow(portal))
            await portal.following.wait()
            for _ in range(20_000):
                portal.tell("heartbeat")
                await asyncio.sleep(0)
            portal.end()
        # The last delivery, at the stream's end, does not wait.
        moments = [at for at, _ in batches][:-1]
        assert all(later - earlier >= PAUSE * 0.99 for earlier, later in pairwise(moments))
        assert sum(len(news.events) for _, news in batches) == 20_000 or any(news.gap for _, news in batches)

    played(scene)
