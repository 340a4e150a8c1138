"""What every engine keeps, whatever it generates with."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from battui.contracts.errors import ModelUnavailable, Refused
from battui.contracts.generation import (
    AdapterUse,
    ChatMessage,
    Engine,
    EngineOptions,
    GenerationRequest,
    ModelFiles,
    Sampling,
)
from battui.engines.choice import create
from tests.contract.conftest import CONTEXT, COUNTING, SLOTS, STORY, silent


def test_it_describes_itself(engine: Engine, name: str, model: ModelFiles) -> None:
    description = engine.describe()

    assert (description.name, description.model, description.context) == (name, model.name, CONTEXT)
    assert description.version
    assert "stream" in description.capabilities


def test_loading_is_reported_from_nothing_to_all(engine: Engine, progress: list[float]) -> None:
    assert progress[0] == 0.0
    assert progress[-1] == 1.0
    assert progress == sorted(progress)


def test_greedy_text_is_the_same_each_time(engine: Engine) -> None:
    request = GenerationRequest("job", prompt=COUNTING, max_tokens=10)

    first, second = engine.generate(request, silent), engine.generate(request, silent)

    assert first.candidates == second.candidates
    assert first.candidates[0].text.startswith(" 7 8 9")


def test_sampled_text_is_the_same_with_the_same_seed(engine: Engine) -> None:
    request = GenerationRequest("job", prompt=COUNTING, max_tokens=6, sampling=Sampling(0.8, seed=11))

    assert engine.generate(request, silent).candidates == engine.generate(request, silent).candidates


@pytest.mark.parametrize("count", [1, SLOTS, SLOTS + 2])
def test_candidates_come_in_order_of_index(engine: Engine, count: int) -> None:
    request = GenerationRequest(
        "job", prompt=COUNTING, candidates=count, max_tokens=5, sampling=Sampling(1.0, seed=3)
    )

    result = engine.generate(request, silent)

    assert [candidate.index for candidate in result.candidates] == list(range(count))
    assert all(0 < candidate.tokens <= 5 for candidate in result.candidates)
    if count > 1:
        assert len({candidate.text for candidate in result.candidates}) > 1


def test_the_first_candidate_may_be_the_greedy_one(engine: Engine) -> None:
    greedy = engine.generate(GenerationRequest("job", prompt=COUNTING, max_tokens=8), silent)
    request = GenerationRequest(
        "job", prompt=COUNTING, max_tokens=8, candidates=3, first_greedy=True, sampling=Sampling(0.9, seed=5)
    )

    mixed = engine.generate(request, silent)

    assert mixed.candidates[0] == greedy.candidates[0]
    assert [candidate.index for candidate in mixed.candidates] == [0, 1, 2]


def test_a_stop_string_ends_the_text_before_itself(engine: Engine) -> None:
    pieces: list[str] = []
    request = GenerationRequest("job", prompt=COUNTING, max_tokens=20, stop=("9 1", "never"))

    (candidate,) = engine.generate(request, lambda _job, _index, piece: pieces.append(piece)).candidates

    assert candidate.text == " 7 8 "
    assert candidate.finish == "stop"
    assert "".join(pieces) == " 7 8 "


def test_the_limit_of_tokens_ends_the_text(engine: Engine) -> None:
    (candidate,) = engine.generate(GenerationRequest("job", prompt=COUNTING, max_tokens=4), silent).candidates

    assert (candidate.tokens, candidate.finish) == (4, "length")


def test_pieces_join_to_the_text_of_their_candidate(engine: Engine) -> None:
    heard: dict[int, str] = {}

    def listen(job: str, index: int, piece: str) -> None:
        assert job == "job"
        heard[index] = heard.get(index, "") + piece

    request = GenerationRequest(
        "job", prompt=COUNTING, candidates=3, max_tokens=8, sampling=Sampling(0.9, seed=2), first_greedy=True
    )
    result = engine.generate(request, listen)

    assert heard == {candidate.index: candidate.text for candidate in result.candidates}


def test_what_it_cost_is_told(engine: Engine) -> None:
    result = engine.generate(GenerationRequest("job", prompt=COUNTING, max_tokens=4), silent)

    assert result.prompt_tokens > 1
    assert 0 < result.first_token_s <= result.seconds


def test_another_thread_can_cancel(engine: Engine) -> None:
    def cancel_at_once(job: str, _index: int, _piece: str) -> None:
        threading.Thread(target=engine.cancel, args=(job,)).start()

    request = GenerationRequest("job", prompt=STORY, candidates=2, max_tokens=400)
    first, second = engine.generate(request, cancel_at_once).candidates

    assert "cancelled" in (first.finish, second.finish)
    assert first.tokens < 400


def test_cancelling_what_does_not_run_does_nothing(engine: Engine) -> None:
    engine.cancel("never asked")

    assert engine.generate(GenerationRequest("never asked", prompt=COUNTING, max_tokens=2), silent).candidates


def test_tokens_are_counted(engine: Engine) -> None:
    assert engine.count_tokens("") == 0
    assert 0 < engine.count_tokens("one two") < engine.count_tokens("one two three four five")


def test_messages_go_through_the_models_template(engine: Engine) -> None:
    if "chat-template" not in engine.describe().capabilities:
        pytest.skip("no chat template is declared")
    question = (ChatMessage("system", "Be brief."), ChatMessage("user", "What is the capital of France?"))

    result = engine.generate(GenerationRequest("job", messages=question, max_tokens=16), silent)

    assert result.candidates[0].text.strip()
    assert result.prompt_tokens >= engine.count_tokens("Be brief. What is the capital of France?")


def test_a_schema_shapes_the_text_where_declared(engine: Engine) -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"enum": ["Ada", "Bob"]},
            "age": {"type": "integer", "maximum": 99, "minimum": 0},
        },
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    question = (ChatMessage("user", "Give me JSON with the name and age of Ada, who is 36."),)
    request = GenerationRequest("job", messages=question, schema=schema, max_tokens=80)
    if "schema" not in engine.describe().capabilities:
        with pytest.raises(Refused, match="schema"):
            engine.generate(request, silent)
        return

    answer = json.loads(engine.generate(request, silent).candidates[0].text)

    assert answer["name"] in ("Ada", "Bob")
    assert isinstance(answer["age"], int)


def test_a_grammar_shapes_the_text_where_declared(engine: Engine) -> None:
    request = GenerationRequest("job", prompt="Yes or no?", grammar='root ::= "maybe"', max_tokens=10)
    if "grammar" not in engine.describe().capabilities:
        with pytest.raises(Refused, match="grammar"):
            engine.generate(request, silent)
        return

    assert engine.generate(request, silent).candidates[0].text == "maybe"


def test_jobs_run_at_the_same_time_and_keep_apart(engine: Engine) -> None:
    def run(number: int) -> str:
        heard: list[str] = []
        request = GenerationRequest(f"job {number}", prompt=COUNTING, max_tokens=6)
        result = engine.generate(request, lambda job, _index, piece: heard.append(job + piece))
        assert result.id == f"job {number}"
        assert all(piece.startswith(result.id) for piece in heard)
        return result.candidates[0].text

    with ThreadPoolExecutor(SLOTS + 2) as pool:
        texts = list(pool.map(run, range(SLOTS + 2)))

    assert all(text.startswith(" 7 8") for text in texts)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (GenerationRequest("job", prompt="word " * (CONTEXT + 8)), "context"),
        (GenerationRequest("job"), "either a prompt or messages"),
        (
            GenerationRequest("job", prompt="a", messages=(ChatMessage("user", "b"),)),
            "either a prompt or messages",
        ),
        (GenerationRequest("job", prompt="a", candidates=0), "candidates"),
        (GenerationRequest("job", prompt="a", max_tokens=0), "token"),
        (GenerationRequest("job", prompt="a", adapter=AdapterUse("painter")), "adapter"),
        (GenerationRequest("job", prompt="a", schema={"type": "object"}, grammar="root ::= [a]"), "not both"),
        (GenerationRequest("job", prompt="a", grammar="root ::= [a]", branches=True), "branches"),
        (GenerationRequest("job", prompt="a", least=0.5), "least"),
        (GenerationRequest("job", prompt="a", branches=True, least=2.0), "least"),
    ],
)
def test_what_cannot_be_done_is_refused_and_the_engine_goes_on(
    engine: Engine, request_: GenerationRequest, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        engine.generate(request_, silent)

    assert engine.generate(GenerationRequest("job", prompt=COUNTING, max_tokens=2), silent).candidates


def test_a_text_that_would_go_on_for_ever_ends_with_its_own_context(
    name: str, model: ModelFiles, url: str
) -> None:
    engine, context = create(name), 64
    if "grammar" not in engine.describe().capabilities or name == "openai":
        pytest.skip("no text can be made to go on for ever, or the context is a server's own")
    engine.load(model, EngineOptions(parallel=2, context=context, url=url), lambda _: None)

    def ends(number: int) -> bool:
        prompt = f"{number} " + "word " * 40
        request = GenerationRequest(f"{number}", prompt=prompt, grammar="root ::= [a-z] root", max_tokens=900)
        (text,) = engine.generate(request, silent).candidates
        return (text.tokens, text.finish) == (context - engine.count_tokens(prompt), "length")

    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(ends, range(3)))
    engine.unload()


@pytest.mark.parametrize("file", ["model.gguf", "model.toml", "model.bin"])
def test_a_file_that_is_no_model_is_refused(name: str, file: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.write_bytes(b"\x00\xffno model at all" * 100)

    with pytest.raises(ModelUnavailable):
        create(name).load(ModelFiles("bad", "", {file: str(path)}), EngineOptions(), lambda _: None)


def test_without_a_model_it_says_so(name: str) -> None:
    with pytest.raises(ModelUnavailable):
        create(name).generate(GenerationRequest("job", prompt="hello"), silent)


def test_a_model_can_be_unloaded_and_loaded_again(name: str, model: ModelFiles, url: str) -> None:
    engine = create(name)
    for _ in range(2):
        engine.load(model, EngineOptions(parallel=1, context=CONTEXT, url=url), lambda _: None)
        assert engine.generate(GenerationRequest("job", prompt=COUNTING, max_tokens=2), silent).candidates
        engine.unload()
        engine.unload()
    with pytest.raises(ModelUnavailable):
        engine.generate(GenerationRequest("job", prompt=COUNTING), silent)
