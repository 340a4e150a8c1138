"""A day in tmux: start, work, resize, detach, attach, quit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.terminal.house import House
from tests.terminal.screen import PATIENCE_S, Screen
from tests.terminal.tmux import DETACH, Tmux

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here"),
]


@pytest.fixture
def tmux(house: House) -> Iterator[Tmux]:
    tmux = Tmux(house.home, house.environment)
    yield tmux
    tmux.close()


def test_work_goes_on_over_resizing_and_another_terminal(house: House, tmux: Tmux) -> None:
    tmux.start()
    tmux.until("balance +150")
    tmux.type(":account.deposit_(amount=7)")
    tmux.press("Enter")
    tmux.until("balance +157")

    tmux.resize(60, 20)
    narrow = tmux.until(r"▼ lobby")
    assert max(map(len, narrow.splitlines())) <= 60
    tmux.resize(200, 60)
    tmux.until(r"lobby .*│ account")

    other = Screen(tmux.attached(), tmux.environment)
    try:
        other.until("balance")
        other.press(":account.deposit_(amount=1)\r")
        tmux.until("balance +158")
        other.press(DETACH)
        assert other.leave()[0] == 0
    finally:
        other.close()
    tmux.type(":account.deposit_(amount=1)")
    tmux.press("Enter")
    tmux.until("balance +159")
    tmux.press("C-q")
    assert tmux.end() == 0
    assert house.battui("send", "account.balance") == "159\n"


def test_a_kernel_in_the_background_outlives_its_screens(house: House, tmux: Tmux) -> None:
    house.detach()
    for number, columns in ((151, 110), (152, 160)):
        tmux.start("attach", columns=columns)
        tmux.until(rf"balance +{number - 1}")
        tmux.type(":account.deposit_(amount=1)")
        tmux.press("Enter")
        tmux.until(rf"balance +{number}")
        tmux.press("C-q")
        assert tmux.end() == 0
        tmux.close()
    assert house.battui("send", "account.balance") == "152\n"
    house.battui("bridge", "stop")
    assert house.falls_empty(PATIENCE_S) == []


def test_a_mission_is_approved_by_keys(house: House, tmux: Tmux) -> None:
    tmux.start(columns=120, rows=40)
    tmux.until("balance +150")
    tmux.type(":account.withdraw_(amount=50)  # take amount from balance => self.balance == 100")
    tmux.press("Enter")
    tmux.until("waits")
    tmux.press("Escape")
    tmux.until("Message")  # a key right after escape would be alt and that key
    tmux.type("2")
    tmux.until("withdraw_")
    tmux.type("a")
    tmux.until("✓ complete .*withdraw_")
    tmux.press("C-q")
    assert tmux.end() == 0
    assert house.battui("send", "account.balance") == "100\n"
