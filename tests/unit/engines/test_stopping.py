"""Stop strings: nothing of one is ever shown, and nothing else is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from battui.engines.stopping import StopWatch


@pytest.mark.parametrize(
    ("stops", "pieces", "shown"),
    [
        ((), ["a", "b"], ["a", "b", ""]),
        (("",), ["a", "b"], ["a", "b", ""]),
        (("\n\n",), ["a\n", "b\n", "\nc"], ["a", "\nb", "", ""]),
        (("END",), ["the E", "N", "emy"], ["the ", "", "ENemy", ""]),
        (("END",), ["the E", "N"], ["the ", "", "EN"]),
        (("c", "ab"), ["xab", "c"], ["x", "", ""]),
    ],
)
def test_pieces_are_held_as_long_as_needed(
    stops: tuple[str, ...], pieces: list[str], shown: list[str]
) -> None:
    watch = StopWatch(stops)

    assert [*(watch.feed(piece) for piece in pieces), watch.rest()] == shown


@given(st.lists(st.text("abc", max_size=4)), st.text("abc", min_size=1, max_size=3))
def test_what_is_shown_is_the_text_before_the_stop(pieces: list[str], stop: str) -> None:
    watch = StopWatch([stop])

    shown = "".join([*(watch.feed(piece) for piece in pieces), watch.rest()])

    text = "".join(pieces)
    assert shown == text.split(stop)[0]
    assert watch.stopped == (stop in text)
