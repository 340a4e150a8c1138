"""A house for each test, and what the matrix measured, printed at the end of its run."""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.house import House


@pytest.fixture(scope="session")
def first_house() -> Iterator[House]:
    # The name of a socket is short, and the folders of pytest are not.
    with tempfile.TemporaryDirectory(prefix="battui-") as home:
        yield House.built(Path(home))


@pytest.fixture
def house(first_house: House) -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="battui-") as home:
        house = first_house.copied(Path(home))
        yield house
        house.put_out()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print for each case how long leaving took."""
    left: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for report in terminalreporter.getreports("passed"):
        for name, told in report.user_properties:
            if name == "left" and report.when == "call":
                left[told["case"], told["loaded"]].append(told["seconds"])
    if not left:
        return
    terminalreporter.section("seconds until battui had left")
    for (case, loaded), seconds in left.items():
        median, most = statistics.median(seconds), max(seconds)
        words = f"{case}, {'under load' if loaded else 'idle'}"
        terminalreporter.line(f"{words:<40}{len(seconds):>3} times   median {median:5.2f}   most {most:5.2f}")
