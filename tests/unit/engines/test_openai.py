"""What a server may do to us, and what comes of it."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from battui.contracts.errors import BattuiError, EngineFailed, ModelUnavailable, Refused, UsageError
from battui.contracts.generation import (
    AdapterUse,
    EngineOptions,
    GenerationRequest,
    ModelFiles,
    Sampling,
)
from battui.contracts.settings import KEY_VARIABLE, load_settings
from battui.engines import openai_client
from battui.engines.openai import OpenAIEngine
from battui.engines.openai_address import read_address
from tests.unit.engines.openai_stub import MODELS, Stub, breaks_off, says, status, stub

KEY = "sk-for-the-loopback"
ASK = GenerationRequest("job", prompt="hi", max_tokens=8, sampling=Sampling(seed=7))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_client, "BACKOFF_S", 0.001)
    monkeypatch.setattr(openai_client, "LONGEST_WAIT_S", 0.01)


def asking(server: Stub, model: str = "", key: str = KEY) -> OpenAIEngine:
    engine = OpenAIEngine({KEY_VARIABLE: key})
    engine.load(ModelFiles(model, "", {}), EngineOptions(url=server.url, context=512), lambda _: None)
    return engine


def text_of(engine: OpenAIEngine, request: GenerationRequest = ASK) -> str:
    return engine.generate(request, lambda *_: None).candidates[0].text


@pytest.mark.parametrize("code", [429, 502, 503, 504])
def test_what_may_be_better_in_a_moment_is_asked_again(code: int) -> None:
    with stub(status(code, Retry_After="0"), status(code), says("hello")) as server:
        assert text_of(asking(server)) == "hello 7"
        assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("code", "message", "kind", "words"),
    [
        (400, "bad temperature", Refused, "bad temperature"),
        (400, "maximum context length is 512", Refused, "context is too small"),
        (401, f"wrong key {KEY}", EngineFailed, "does not accept the key.*BATTUI_ENGINE_KEY"),
        (404, "no model base", ModelUnavailable, "no model base"),
        (302, "", EngineFailed, "another address"),
        (500, f"broken at {KEY}", EngineFailed, "status 500"),
    ],
)
def test_what_will_not_be_better_is_told_at_once(
    code: int, message: str, kind: type[BattuiError], words: str
) -> None:
    with stub(status(code, message)) as server:
        with pytest.raises(kind, match=words) as caught:
            text_of(asking(server))

        assert KEY not in str(caught.value)
        assert len(server.asked) == 1


def test_a_server_that_stays_busy_is_given_up() -> None:
    with stub(status(503, "loading")) as server, pytest.raises(EngineFailed, match="busy or not ready"):
        text_of(asking(server))


def test_no_server_at_all_is_told_with_what_to_do() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        options = EngineOptions(url=f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(EngineFailed, match=r"cannot be reached.*Start the server, or set engine\.url"):
            OpenAIEngine({}).load(ModelFiles("", "", {}), options, lambda _: None)


def test_half_an_answer_is_none() -> None:
    with stub(breaks_off) as server, pytest.raises(EngineFailed, match=r"middle|broke off"):
        text_of(asking(server))


def test_a_server_that_gives_one_candidate_is_asked_for_the_others() -> None:
    request = GenerationRequest("job", prompt="hi", candidates=3, sampling=Sampling(1.0, seed=7))
    with stub() as server:
        engine = asking(server)
        for _ in range(2):
            texts = [each.text for each in engine.generate(request, lambda *_: None).candidates]
            assert texts == ["hello 7", "hello 8", "hello 9"]

        assert [body["n"] for body in server.asked] == [3, 1, 1, 1, 1, 1]


def test_cancelling_hangs_up_while_the_server_is_silent() -> None:
    asked, hung_up = threading.Event(), threading.Event()

    def silent(handler: Any, _body: object) -> None:
        handler.begin()
        handler.wfile.flush()
        asked.set()
        handler.connection.recv(1)  # nothing comes but the end
        hung_up.set()

    with stub(silent) as server:
        engine = asking(server)

        def cancel() -> None:
            asked.wait()
            engine.cancel("job")

        threading.Thread(target=cancel).start()
        (candidate,) = engine.generate(ASK, lambda *_: None).candidates

        assert candidate.finish == "cancelled"
        assert hung_up.wait(10)


def test_cancelling_ends_the_wait_for_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_client, "BACKOFF_S", 3600.0)
    monkeypatch.setattr(openai_client, "LONGEST_WAIT_S", 3600.0)
    engine: OpenAIEngine

    def busy(handler: Any, _body: object) -> None:
        handler.reply(503, {})
        engine.cancel("job")

    with stub(busy) as server:
        engine = asking(server)
        assert engine.generate(ASK, lambda *_: None).candidates[0].finish == "cancelled"


def test_the_key_goes_into_the_header_and_nowhere_else() -> None:
    with stub() as server:
        engine = asking(server)
        text_of(engine)

        assert server.keys == [f"Bearer {KEY}"]
        assert KEY not in str(server.asked)
        assert KEY not in str(engine.describe())


def test_the_key_is_no_setting() -> None:
    settings = load_settings({}, {"HOME": "/nowhere", KEY_VARIABLE: KEY}, None)

    assert KEY not in str(settings)


def test_adapters_are_models_of_their_own_where_the_server_says_whose() -> None:
    others = [{"id": "poet", "parent": "base"}, {"id": "elsewhere", "parent": "another"}]
    with stub(models={"data": [*MODELS["data"], *others]}) as server:
        engine = asking(server)
        assert engine.describe().adapters == ("poet",)
        for use in (None, AdapterUse("poet"), AdapterUse("poet", 0.0)):
            text_of(engine, GenerationRequest("job", prompt="hi", adapter=use))

        assert [body["model"] for body in server.asked] == ["base", "poet", "base"]
        with pytest.raises(Refused, match="scale 1"):
            text_of(engine, GenerationRequest("job", prompt="hi", adapter=AdapterUse("poet", 0.5)))


def test_a_model_that_the_server_has_not_is_told_with_those_it_has() -> None:
    with stub() as server, pytest.raises(ModelUnavailable, match="It has: base"):
        asking(server, model="larger")


def test_what_the_server_does_not_say_is_not_claimed() -> None:
    with stub() as server:
        engine = asking(server)

        assert engine.describe().capabilities == {"stream", "batch", "chat-template"}
        assert engine.count_tokens("x" * 35) == 10
        with pytest.raises(Refused, match="vectors"):
            engine.embed(["a"])


@pytest.mark.parametrize(
    "url", ["ftp://host", "host:8080", "http://", "http://user:secret@host", "http://h?key=secret"]
)
def test_an_address_that_cannot_be_used_is_told_without_its_key(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_address(url)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "base", "root"),
    [
        ("http://host:8080", "/v1", ""),
        ("https://host/v1/", "/v1", ""),
        ("http://host/proxy/v1", "/proxy/v1", "/proxy"),
    ],
)
def test_where_the_interface_lies(url: str, base: str, root: str) -> None:
    address = read_address(url)

    assert (address.base, address.root) == (base, root)
