"""What happens in the kernel costs the screen no more than what changes on it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual._compositor import Compositor
from textual.containers import VerticalScroll

from battui.contracts.replies import SlotView
from battui.tui.widgets.event_lines import EventLines
from tests.unit.tui.screen import open_terminal, played
from tests.unit.tui.scripted_portal import ScriptedPortal

DELIVERIES = 16


def test_the_log_behind_another_tab_lays_nothing_out_and_is_whole_once_it_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layouts: list[object] = []
    reflow = Compositor.reflow

    def count(compositor: Compositor, *arguments: object) -> object:
        layouts.append(compositor)
        return reflow(compositor, *arguments)  # type: ignore[arg-type]

    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.shows("balance")
            lines = terminal.app.query_one(EventLines)
            monkeypatch.setattr(Compositor, "reflow", count)
            for number in range(DELIVERIES):
                terminal.portal.tell("bridge", f"visit {number}")
                await terminal.until(lambda: lines.counts[1] > number)  # noqa: B023
            # What the start has left to do may come meanwhile.
            assert len(layouts) < DELIVERIES / 2
            await terminal.press("3")
            await terminal.shows(f"visit {DELIVERIES - 1}")

    played(scene)


def test_a_detail_that_is_read_again_and_found_unchanged_stays_where_its_reader_is() -> None:
    async def scene() -> None:
        portal = ScriptedPortal()
        view = portal.views[1]
        long = SlotView("notes", "data", "[...]", [f"line {number}" for number in range(200)])
        portal.views[1] = replace(view, slots=(long,))
        async with open_terminal(portal) as terminal:
            await terminal.shows("notes")
            detail = terminal.app.query_one("Inspector .detail", VerticalScroll)
            await terminal.until(lambda: detail.max_scroll_y > 20)
            detail.scroll_to(y=20, animate=False, immediate=True)
            asked = len(portal.commands)
            portal.tell("object", "account", data={"oids": [1]})
            await terminal.until(lambda: len(portal.commands) > asked + 1)
            await terminal.shows("line 21")
            assert detail.scroll_y == 20
            portal.views[1] = replace(view, slots=(replace(long, value=["short"]),))
            portal.tell("object", "account", data={"oids": [1]})
            await terminal.shows("short")

    played(scene)


def test_a_line_longer_than_the_screen_follows_its_cursor() -> None:
    async def scene() -> None:
        async with open_terminal() as terminal:
            await terminal.press("colon")
            terminal.line.insert_text_at_cursor("a" * 200)
            await terminal.press("z", "q")
            await terminal.shows("azq")
            await terminal.press("home")
            await terminal.until(lambda: "zq" not in terminal.text)

    played(scene)
