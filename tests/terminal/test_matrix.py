"""However battui ends, it leaves the terminal as it was, says so with its exit code, and the image is whole.

Each case runs once among the ordinary tests and eight times, idle and under load, in `make terminal`, which prints
how long leaving took.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.terminal.house import BATTUI, House, Load
from tests.terminal.screen import ALTERNATE_SCREEN, AT_FIRST, MOUSE, PATIENCE_S, Screen

TIMES = 8
QUIT, FAULT, GONE, HUNG_UP = 0, 1, 3, 128 + signal.SIGHUP


@dataclass(frozen=True)
class Case:
    """A way to end: what to do to the screen, and the exit code that says so."""

    name: str
    code: int
    end: Callable[[Screen, int], object]
    command: tuple[str, ...] = BATTUI
    attached: bool = False
    """Whether the kernel lives in another process, whose number `end` is given."""
    words: str = ""
    """What is left on the terminal to read."""


def send(number: signal.Signals) -> Callable[[Screen, int], object]:
    """Send a signal to who shows the screen."""
    return lambda screen, _: screen.process.send_signal(number)


CASES = (
    Case("quit", QUIT, lambda screen, _: screen.press("\x11")),
    Case(
        "crash of a kernel task",
        FAULT,
        send(signal.SIGUSR1),
        command=(sys.executable, "-m", "tests.terminal.crashing"),
        words="planted in the heartbeat",
    ),
    Case("SIGTERM", 128 + signal.SIGTERM, send(signal.SIGTERM)),
    Case("SIGINT", 128 + signal.SIGINT, send(signal.SIGINT)),
    Case("SIGHUP", HUNG_UP, send(signal.SIGHUP)),
    Case("terminal closed", HUNG_UP, lambda *_: None),
    Case(
        "kernel killed",
        GONE,
        lambda _, kernel: os.kill(kernel, signal.SIGKILL),
        command=(*BATTUI, "attach"),
        attached=True,
        words="The kernel has ended",
    ),
)


def runs() -> Iterator[object]:
    """Each case once for everybody, and the rest of the matrix for who wants to wait for it."""
    for case in CASES:
        for loaded in (False, True):
            for number in range(TIMES):
                name = f"{case.name}, {'under load' if loaded else 'idle'}, {number + 1}"
                first = number == 0 and not loaded
                yield pytest.param(case, loaded, id=name, marks=() if first else pytest.mark.slow)


@pytest.mark.parametrize(("case", "loaded"), list(runs()))
def test_the_end_is_in_order(
    house: House, case: Case, loaded: bool, record_property: Callable[[str, object], None]
) -> None:
    kernel = house.detach() if case.attached else 0
    screen = Screen(case.command, house.environment)
    try:
        screen.until("balance")
        if loaded:
            with Load(house) as load:
                took = end(screen, case, kernel)
                acknowledged = load.settle()
        else:
            took, acknowledged = end(screen, case, kernel), []
        record_property("left", {"case": case.name, "loaded": loaded, "seconds": took})
        if loaded and case.code == HUNG_UP:
            # A kernel stays behind to see the mission through.
            house.battui("bridge", "stop")
        assert house.falls_empty(PATIENCE_S) == []
        house.is_clean(acknowledged)
    finally:
        screen.close()


def end(screen: Screen, case: Case, kernel: int) -> float:
    """End it, look at what is left, and tell how many seconds it took."""
    if case.name == "terminal closed":
        code, took = screen.hang_up()
        assert code == case.code
        return took
    assert {ALTERNATE_SCREEN, MOUSE} <= screen.modes, "the screen is on"
    case.end(screen, kernel)
    code, took = screen.leave()
    assert (code, screen.modes, screen.is_cooked) == (case.code, AT_FIRST, True)
    assert case.words in screen.last_words()
    return took
