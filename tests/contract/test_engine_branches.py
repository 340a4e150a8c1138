"""The likeliest other texts, where an engine tells what it might have said instead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from battui.contracts.generation import Engine, GenerationRequest, Sampling
from tests.contract.conftest import COUNTING, STORY, silent


@pytest.fixture
def branching(engine: Engine) -> Engine:
    if "branches" not in engine.describe().capabilities:
        pytest.skip("this engine does not tell what it might have said instead")
    return engine


def test_branches_are_other_texts_than_the_greedy_one(branching: Engine) -> None:
    greedy = branching.generate(GenerationRequest("job", prompt=COUNTING, max_tokens=8), silent)
    # At this temperature samples would be the greedy text again and again.
    request = GenerationRequest(
        "job",
        prompt=COUNTING,
        max_tokens=8,
        candidates=5,
        stop=("\n",),
        sampling=Sampling(0.01),
        branches=True,
    )

    texts = [candidate.text for candidate in branching.generate(request, silent).candidates]

    assert len({*texts, greedy.candidates[0].text}) == 6
    assert not any("\n" in text for text in texts)


def test_pieces_of_branches_join_to_their_text(branching: Engine) -> None:
    heard = ["", "", ""]

    def hear(_: str, index: int, piece: str) -> None:
        heard[index] += piece

    request = GenerationRequest("job", prompt=STORY, max_tokens=6, candidates=3, branches=True)
    assert [each.text for each in branching.generate(request, hear).candidates] == heard


def test_a_branch_counts_from_its_first_token(branching: Engine) -> None:
    request = GenerationRequest("job", prompt=STORY, max_tokens=6, candidates=5, branches=True)

    branches = branching.generate(request, silent).candidates

    assert len(branches) == 5
    assert all(branching.count_tokens(each.text) <= each.tokens <= 6 for each in branches)


def test_the_greedy_text_may_be_the_first_of_them(branching: Engine) -> None:
    greedy = branching.generate(GenerationRequest("job", prompt=STORY, max_tokens=6), silent)
    others = GenerationRequest("job", prompt=STORY, max_tokens=6, candidates=3, branches=True)
    beside = branching.generate(others, silent)
    whole = replace(others, candidates=4, first_greedy=True)

    texts = [each.text for each in branching.generate(whole, silent).candidates]

    assert texts == [each.text for each in (*greedy.candidates, *beside.candidates)]


@pytest.mark.parametrize("first_greedy", [True, False])
def test_branches_that_are_not_likely_enough_are_not_written(branching: Engine, first_greedy: bool) -> None:
    request = GenerationRequest(
        "job",
        prompt=STORY,
        max_tokens=6,
        candidates=5,
        first_greedy=first_greedy,
        branches=True,
        least=1.0,
    )

    result = branching.generate(request, silent)

    assert [each.index for each in result.candidates] == [0] * first_greedy
