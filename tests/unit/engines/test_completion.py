"""How a request becomes calls to llama.cpp, and what becomes of its answers."""

from __future__ import annotations

import pytest

from battui.contracts.errors import EngineFailed, Refused
from battui.contracts.generation import AdapterUse, GenerationRequest, Sampling
from battui.engines.completion import Completion, Round, body, rounds

SAMPLED = Sampling(0.8, seed=7)


@pytest.mark.parametrize(
    ("candidates", "first_greedy", "expected"),
    [
        (1, False, [Round(0, 1, 0.8, 7)]),
        (1, True, [Round(0, 1, 0.0, 7)]),
        (4, False, [Round(0, 4, 0.8, 7)]),
        (4, True, [Round(0, 1, 0.0, 7), Round(1, 3, 0.8, 8)]),
        (6, False, [Round(0, 4, 0.8, 7), Round(4, 2, 0.8, 11)]),
        (9, True, [Round(0, 1, 0.0, 7), Round(1, 4, 0.8, 8), Round(5, 4, 0.8, 12)]),
    ],
)
def test_candidates_are_generated_in_rounds(
    candidates: int, first_greedy: bool, expected: list[Round]
) -> None:
    request = GenerationRequest(
        "job", prompt="a", candidates=candidates, first_greedy=first_greedy, sampling=SAMPLED
    )

    assert list(rounds(request, parallel=4)) == expected


@pytest.mark.parametrize(("seed", "sent"), [(5, 5), (0xFFFFFFFF, 0), (-1, 0xFFFFFFFE)])
def test_no_seed_becomes_the_one_that_means_random(seed: int, sent: int) -> None:
    assert body(GenerationRequest("job", prompt="a"), "a", Round(0, 1, 0.5, seed))["seed"] == sent


@pytest.mark.parametrize(
    ("use", "scales"), [(None, [0.0, 0.0]), (AdapterUse("b", 0.5), [0.0, 0.5]), (AdapterUse("a"), [1.0, 0.0])]
)
def test_every_loaded_adapter_gets_its_scale(use: AdapterUse | None, scales: list[float]) -> None:
    request = GenerationRequest("job", prompt="a", adapter=use)

    sent = body(request, "a", Round(0, 1, 0.0, 0), ("a", "b"))["lora"]

    assert sent == [{"id": id_, "scale": scale} for id_, scale in enumerate(scales)]


def heard(*chunks: dict[str, object], **fields: int) -> Completion:
    completion = Completion(GenerationRequest("job", prompt="a", **fields), lambda *_: None, 512)  # type: ignore[arg-type]
    listen = completion.listener(Round(0, 1, 0.0, 0))
    for chunk in chunks:
        listen(chunk)
    return completion


def test_an_oversized_prompt_is_a_refusal() -> None:
    error = {"type": "exceed_context_size_error", "n_prompt_tokens": 900, "message": "too long"}

    with pytest.raises(Refused, match="900 tokens and the engine's context 512"):
        heard({"error": error}).finish()


@pytest.mark.parametrize(
    ("kind", "raised"), [("invalid_request_error", Refused), ("server_error", EngineFailed)]
)
def test_the_librarys_other_errors_keep_their_words(kind: str, raised: type[Exception]) -> None:
    with pytest.raises(raised, match="so it is"):
        heard({"error": {"type": kind, "message": "so it is"}}).finish()


def test_a_malformed_chunk_stops_the_call_and_is_raised_outside_of_it() -> None:
    completion = heard({"choices": [{"no index": 1}]})

    assert completion.stopped
    with pytest.raises(KeyError):
        completion.finish()


def test_an_end_without_an_answer_is_a_failure() -> None:
    with pytest.raises(EngineFailed, match="without an answer"):
        heard().finish()


def test_a_cancelled_candidate_keeps_what_it_had() -> None:
    completion = heard({"choices": [{"index": 0, "text": "half"}]})
    completion.cancelled.set()

    (candidate,) = completion.finish().candidates

    assert (candidate.text, candidate.tokens, candidate.finish) == ("half", 1, "cancelled")
