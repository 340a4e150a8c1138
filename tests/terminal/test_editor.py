"""A method in the user's own editor, for which the screen is left, and to which it comes back."""

from __future__ import annotations

import pytest

from tests.terminal.house import BATTUI, House
from tests.terminal.screen import Screen

FOUR_DOWN = "j" * 4  # past the parents and the balance
SHORTER = "sed -i s/.balance.+=.amount/.balance=self.balance+amount/"


@pytest.mark.parametrize(
    ("editor", "told"),
    [
        (SHORTER, "has a next version"),
        ("true", "nothing was changed"),
        ("false", "it ended with 1"),
        ("no-such-editor", "cannot be started"),
    ],
)
def test_the_screen_comes_back_from_an_editor_whatever_it_did(house: House, editor: str, told: str) -> None:
    screen = Screen(BATTUI, {**house.environment, "EDITOR": editor})
    try:
        screen.until("Copy")
        screen.press("\t")
        screen.until("Back")
        screen.press(FOUR_DOWN)
        screen.until("self.balance")
        screen.press("E")
        screen.until(told)
        screen.press("\x11")
        assert screen.leave()[0] == 0
        assert screen.is_cooked
    finally:
        screen.close()
