"""Pieces are gathered into few frames, and none is lost."""

from __future__ import annotations

from battui.engines.token_flow import TokenFlow


def test_the_first_piece_goes_out_at_once_and_the_rest_together() -> None:
    sent: list[list[list[object]]] = []
    flow = TokenFlow(sent.append, interval_s=3600)

    for index, piece in [(0, "a"), (1, "x"), (0, "b"), (0, "c"), (1, "y")]:
        flow.add(index, piece)
    flow.flush()
    flow.flush()

    assert sent == [[[0, "a"]], [[0, "bc"], [1, "xy"]]]


def test_a_slow_model_streams_token_by_token() -> None:
    sent: list[list[list[object]]] = []
    flow = TokenFlow(sent.append, interval_s=0)

    for piece in "abc":
        flow.add(0, piece)

    assert sent == [[[0, "a"]], [[0, "b"]], [[0, "c"]]]
