"""Times as people write them, and versions of a method side by side."""

from __future__ import annotations

import time

import pytest

from battui.cli.diff import chosen, difference
from battui.cli.history import moment
from battui.cli.stats_text import stats_lines
from battui.contracts.errors import Refused, UsageError
from battui.contracts.replies import KernelStats, MethodStory, MethodView

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("text", "before"), [("30s", 30), ("2m", 120), ("1.5h", 5400), ("3d", 259_200), ("1w", 604_800)]
)
def test_so_long_ago(text: str, before: float) -> None:
    assert moment(text, NOW) == NOW - before


@pytest.mark.parametrize("text", ["2026-11-23", "2026-11-23 14:05", "2026-11-23T14:05:09"])
def test_a_date_is_a_local_one(text: str) -> None:
    assert time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(moment(text, NOW))).startswith(
        text.replace(" ", "T")
    )


@pytest.mark.parametrize("text", ["", "yesterday", "3", "-2h", "2026-13-01"])
def test_what_is_no_time_is_told_with_what_would_be(text: str) -> None:
    with pytest.raises(UsageError, match="2026-11-23"):
        moment(text, NOW)


STORY = MethodStory(
    "account",
    tuple(
        MethodView("deposit_", ("amount",), f"def deposit_(self, amount):\n    {body}\n", mission=mission)
        for body, mission in (("three", "m3"), ("two", "m2"), ("one", ""))
    ),
)


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (None, None, ["-    two", "+    three"]),
        (1, 3, ["-    one", "+    three"]),
        (None, 1, ["+def deposit_(self, amount):", "+    one"]),
        (2, 2, []),
    ],
)
def test_two_versions_are_set_side_by_side(old: int | None, new: int | None, wanted: list[str]) -> None:
    lines = difference(STORY, *chosen(STORY, old, new))

    assert [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")] == wanted


def test_a_diff_is_headed_by_versions_and_their_missions() -> None:
    assert difference(STORY, 1, 2)[:2] == [
        "--- account.deposit_ version 1",
        "+++ account.deposit_ version 2 (m2)",
    ]


@pytest.mark.parametrize(("old", "new"), [(4, None), (None, 4), (-1, 2), (None, 0)])
def test_a_version_that_is_not_there_is_refused(old: int | None, new: int | None) -> None:
    with pytest.raises(Refused, match="versions 1 to 3"):
        chosen(STORY, old, new)


def test_figures_say_how_long_most_had_to_wait() -> None:
    within = ((0.1, 50), (1.0, 95), (5.0, 99))
    stats = KernelStats(0.0, messages=100, seconds=40.0, within=within, tokens=90, working_s=2.0)
    text = "\n".join(stats_lines(stats))

    assert "100, 0.400 s on average; 50% within 0.1 s, 90% within 1 s, 99% within 5 s" in text
    assert "45.0 a second" in text
    assert "missions    none" in text
