"""What every engine keeps, whatever it generates with."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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
from battui.engines.gguf import Header
from battui.engines.peft import WEIGHTS
from tests.peft_adapters import TARGETS, header_of, make_adapter

CONTEXT = 512
SLOTS = 4
COUNTING = "1 2 3 4 5 6"
STORY = "Once upon a time"
REPORT = "market report"
SCRIPT = f"""
[[rules]]
match = "^{COUNTING}$"
answers = [" 7 8 9 10 11 12 13 14 15 16 17 18", " seven eight nine ten eleven twelve thirteen", " VII VIII IX"]

[[rules]]
match = "^{STORY}$"
answers = [" there was a king who counted his days and told nobody how many there were left to him"]
delay = 0.02

[[rules]]
match = "capital of France"
answers = ["Paris."]

[[rules]]
match = "{REPORT}"
adapter = "poet"
answers = [" roses are red and violets are blue", " shall I compare thee", " tyger tyger burning bright"]

[[rules]]
match = "{REPORT}"
adapter = "clerk"
answers = [" received with thanks in three copies"]

[[rules]]
match = "{REPORT}"
answers = [" the king went home"]
"""


@pytest.fixture(scope="module")
def scripted_model(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    path = tmp_path_factory.mktemp("script") / "script.toml"
    path.write_text(SCRIPT)
    return ModelFiles(name="script", sha256="", files={"script.toml": str(path)})


@pytest.fixture(scope="module")
def small_header() -> Header:
    shapes = {"blk.0.attn_q.weight": (16, 16), "blk.0.attn_k.weight": (16, 8)}
    return Header("llama", "small", CONTEXT, len(shapes), shapes, heads=2, kv_heads=1)


@pytest.fixture(scope="module", params=["scripted", pytest.param("llama.cpp", marks=pytest.mark.model)])
def name(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture(scope="module")
def model(name: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    files: ModelFiles = request.getfixturevalue("scripted_model" if name == "scripted" else "bundled_model")
    header = request.getfixturevalue("small_header") if name == "scripted" else header_of(files)
    targets = ("self_attn.q_proj", "self_attn.k_proj") if name == "scripted" else tuple(TARGETS)
    folder = tmp_path_factory.mktemp("adapters")
    adapters = (
        make_adapter(folder / "poet", header, seed=1, targets=targets),
        make_adapter(folder / "clerk", header, seed=2, targets=targets),
    )
    return replace(files, adapters=adapters)


@pytest.fixture(scope="module")
def progress(name: str) -> list[float]:
    return []


@pytest.fixture(scope="module")
def engine(name: str, model: ModelFiles, progress: list[float]) -> Iterator[Engine]:
    engine = create(name)
    engine.load(model, EngineOptions(parallel=SLOTS, context=CONTEXT), progress.append)
    yield engine
    engine.unload()
    engine.unload()


def silent(_job: str, _index: int, _piece: str) -> None:
    pass


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
    ],
)
def test_what_cannot_be_done_is_refused_and_the_engine_goes_on(
    engine: Engine, request_: GenerationRequest, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        engine.generate(request_, silent)

    assert engine.generate(GenerationRequest("job", prompt=COUNTING, max_tokens=2), silent).candidates


@pytest.mark.parametrize("file", ["model.gguf", "model.toml", "model.bin"])
def test_a_file_that_is_no_model_is_refused(name: str, file: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.write_bytes(b"\x00\xffno model at all" * 100)

    with pytest.raises(ModelUnavailable):
        create(name).load(ModelFiles("bad", "", {file: str(path)}), EngineOptions(), lambda _: None)


def test_without_a_model_it_says_so(name: str) -> None:
    with pytest.raises(ModelUnavailable):
        create(name).generate(GenerationRequest("job", prompt="hello"), silent)


def test_a_model_can_be_unloaded_and_loaded_again(name: str, model: ModelFiles) -> None:
    engine = create(name)
    for _ in range(2):
        engine.load(model, EngineOptions(parallel=1, context=CONTEXT), lambda _: None)
        assert engine.generate(GenerationRequest("job", prompt=COUNTING, max_tokens=2), silent).candidates
        engine.unload()
        engine.unload()
    with pytest.raises(ModelUnavailable):
        engine.generate(GenerationRequest("job", prompt=COUNTING), silent)


def report(about: str, adapter: str = "", scale: float = 1.0, **fields: int) -> GenerationRequest:
    """A long prompt, and who is to go on with it. Prompts about different things differ from their first word."""
    lines = (
        f"The {about} number {n} went to the {about} market and bought {3 * n} apples." for n in range(6)
    )
    prompt = f"{about.title()}, {REPORT}. {' '.join(lines)} Then"
    use = AdapterUse(adapter, scale) if adapter else None
    return GenerationRequest(
        "job", prompt=prompt, max_tokens=fields.pop("max_tokens", 16), adapter=use, **fields
    )


@pytest.fixture(scope="module")
def fresh(name: str, model: ModelFiles) -> Mapping[str, str]:
    """What an engine says that has done nothing else, for each adapter and without one."""
    return {adapter: fresh_text(name, model, report("king", adapter)) for adapter in ("", "poet", "clerk")}


def fresh_text(name: str, model: ModelFiles, request: GenerationRequest) -> str:
    engine = create(name)
    engine.load(model, EngineOptions(parallel=1, context=CONTEXT), lambda _: None)
    text = engine.generate(request, silent).candidates[0].text
    engine.unload()
    return text


def test_adapters_are_declared(engine: Engine) -> None:
    assert "adapters" in engine.describe().capabilities
    assert engine.describe().adapters == ("poet", "clerk")


def test_each_adapter_has_words_of_its_own(fresh: Mapping[str, str]) -> None:
    assert len(set(fresh.values())) == 3


def test_an_adapter_at_scale_nothing_is_none(engine: Engine, fresh: Mapping[str, str]) -> None:
    assert engine.generate(report("king", "poet", 0.0), silent).candidates[0].text == fresh[""]


@pytest.mark.parametrize("slots", [1, SLOTS])
def test_swaps_leave_nothing_behind(
    name: str, model: ModelFiles, fresh: Mapping[str, str], slots: int
) -> None:
    engine = create(name)
    engine.load(model, EngineOptions(parallel=slots, context=CONTEXT), lambda _: None)
    every_swap = ("", "poet", "clerk", "poet", "", "clerk", "", "")

    texts = [engine.generate(report("king", adapter), silent).candidates[0].text for adapter in every_swap]

    engine.unload()
    assert texts == [fresh[adapter] for adapter in every_swap]


def test_a_prompt_that_comes_back_finds_nothing_of_another_adapter(
    name: str, model: ModelFiles, fresh: Mapping[str, str]
) -> None:
    engine = create(name)
    engine.load(model, EngineOptions(parallel=1, context=CONTEXT), lambda _: None)

    for first, then in (("poet", ""), ("clerk", "poet"), ("", "clerk")):
        engine.generate(report("king", first, max_tokens=2), silent)
        engine.generate(report("baker", then, max_tokens=2), silent)
        assert engine.generate(report("king", then), silent).candidates[0].text == fresh[then]

    engine.unload()


def test_requests_with_different_adapters_run_at_the_same_time(
    engine: Engine, fresh: Mapping[str, str]
) -> None:
    asked = ("", "poet", "clerk")

    def say(adapter: str) -> str:
        # Few tokens: sums are rounded as the prompts happen to be cut into batches, and a long text tells.
        request = replace(report("king", adapter, max_tokens=5), id=f"for {adapter}")
        return engine.generate(request, silent).candidates[0].text

    with ThreadPoolExecutor(SLOTS) as pool:
        texts = list(pool.map(say, asked))

    assert len(set(texts)) == len(asked)
    assert all(fresh[adapter].startswith(text) for adapter, text in zip(asked, texts, strict=True))


def test_all_candidates_are_the_adapters(engine: Engine, fresh: Mapping[str, str]) -> None:
    # Few tokens: what is left of other requests' work on this prompt was rounded in their batches.
    request = report("king", "poet", candidates=3, max_tokens=5)
    request = replace(request, first_greedy=True, sampling=Sampling(1.0, seed=4))

    first, *others = engine.generate(request, silent).candidates

    assert fresh["poet"].startswith(first.text)
    assert not any(text.startswith(candidate.text) for candidate in others for text in fresh.values())


def test_an_unknown_adapter_is_refused_with_the_known_ones(engine: Engine) -> None:
    with pytest.raises(Refused, match=r"painter.*poet, clerk"):
        engine.generate(report("king", "painter"), silent)


def test_a_scale_is_a_number(engine: Engine) -> None:
    with pytest.raises(Refused, match="finite"):
        engine.generate(report("king", "poet", float("nan")), silent)


def test_a_damaged_adapter_is_refused_and_the_engine_can_be_loaded_without_it(
    name: str, model: ModelFiles, tmp_path: Path
) -> None:
    poet = model.adapters[0]
    cut = tmp_path / WEIGHTS
    cut.write_bytes(Path(poet.files[WEIGHTS]).read_bytes()[:-2])
    damaged = replace(model, adapters=(replace(poet, files={**poet.files, WEIGHTS: str(cut)}),))
    engine = create(name)

    with pytest.raises(ModelUnavailable, match="poet"):
        engine.load(damaged, EngineOptions(), lambda _: None)

    engine.load(replace(model, adapters=()), EngineOptions(parallel=1, context=CONTEXT), lambda _: None)
    assert engine.describe().adapters == ()
    engine.unload()
