"""The likeliest texts beside the greedy one: which beginnings are kept, and in which order they are continued."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from battui.engines.branching import NOWHERE, Beginning, Frontier, Token, tokens_in

MOST = 100
SURE = Token("return", math.log(0.9), (("pass", math.log(0.1)),))
UNSURE = Token(" a", math.log(0.5), ((" b", math.log(0.3)), (" c", math.log(0.2))))


def beginnings(frontier: Frontier) -> list[str]:
    """All of them, in order."""
    taken = []
    while found := frontier.likeliest():
        taken.append(found.text)
    return taken


def test_the_likeliest_beginning_comes_first() -> None:
    frontier = Frontier(MOST)
    frontier.grow(NOWHERE, [SURE, UNSURE])
    # 0.9 * 0.3, 0.9 * 0.2, 0.1
    assert beginnings(frontier) == ["return b", "return c", "pass"]


def test_what_is_less_likely_than_wanted_is_left_out() -> None:
    frontier = Frontier(MOST, least=0.15)
    frontier.grow(NOWHERE, [SURE, UNSURE])
    assert beginnings(frontier) == ["return b", "return c"]


def test_what_follows_a_branch_branches_again() -> None:
    frontier = Frontier(MOST)
    frontier.grow(NOWHERE, [SURE, UNSURE])
    frontier.grow(frontier.likeliest() or NOWHERE, [Token("[0]", math.log(0.6), (("[1]", math.log(0.4)),))])
    # 0.9 * 0.3 * 0.4 comes after 0.9 * 0.2
    assert beginnings(frontier) == ["return c", "return b[1]", "pass"]


def test_the_chosen_token_and_what_ends_the_text_are_no_branches() -> None:
    frontier = Frontier(MOST)
    frontier.grow(NOWHERE, [Token("a", -0.1, (("a", -0.1), ("", -2.0), ("b", -50.0)))])
    assert beginnings(frontier) == []


def test_no_beginning_has_a_stop_string() -> None:
    frontier = Frontier(MOST, stops=("\n#",))
    frontier.grow(Beginning("a\n", 0.0, 2), [Token("b", -0.5, (("#", -1.0), ("c", -1.5)))])
    assert beginnings(frontier) == ["a\nc"]


def test_a_beginning_leaves_room_for_a_token() -> None:
    frontier = Frontier(2)
    frontier.grow(NOWHERE, [SURE, UNSURE])
    assert beginnings(frontier) == ["pass"]


@given(st.lists(st.tuples(st.floats(-8, 0), st.floats(-8, 0)), min_size=1, max_size=20))
def test_beginnings_come_by_falling_likelihood(pairs: list[tuple[float, float]]) -> None:
    frontier = Frontier(MOST)
    frontier.grow(NOWHERE, [Token("x", chosen, (("y", other),)) for chosen, other in pairs])
    found = []
    while beginning := frontier.likeliest():
        found.append(beginning)
    assert len(found) == len(pairs)
    assert [each.likelihood for each in found] == sorted((each.likelihood for each in found), reverse=True)
    for each in found:
        place = each.tokens - 1
        assert len(each.text) == each.tokens
        assert math.isclose(
            each.likelihood, sum(chosen for chosen, _ in pairs[:place]) + pairs[place][1], abs_tol=1e-9
        )


def test_tokens_are_read_from_a_streamed_choice() -> None:
    told = {"id": 1, "token": "a", "bytes": [97], "logprob": -0.25}
    half = {"id": 2, "token": "?", "bytes": [0xC3], "logprob": -3.0}
    end = {"id": 3, "token": "", "bytes": [], "logprob": -4.0}
    choice = {"text": "a", "logprobs": {"content": [{**told, "top_logprobs": [told, half, end]}]}}
    assert tokens_in(choice) == [Token("a", -0.25, (("a", -0.25), ("", -3.0), ("", -4.0)))]
    assert tokens_in({"text": "", "logprobs": None}) == []
