"""Vectors where an engine declares them, and a refusal where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from battui.contracts.errors import ModelUnavailable, Refused
from battui.contracts.generation import Engine, EngineOptions, GenerationRequest, ModelFiles
from battui.engines.choice import create
from tests import tiny_bert

TEXTS = ("the king went to the river", "moon", "a word that it has never seen and the apple", "king " * 200)
BERT = tiny_bert.weights()


def test_an_engine_that_declares_no_vectors_makes_none(engine: Engine) -> None:
    assert "embed" not in engine.describe().capabilities

    with pytest.raises(Refused, match="vectors"):
        engine.embed(["the king"])


def test_without_a_model_there_are_no_vectors(name: str) -> None:
    with pytest.raises((ModelUnavailable, Refused)):
        create(name).embed(["the king"])


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path = tiny_bert.write(tmp_path_factory.mktemp("bert") / "bert.gguf", BERT)
    engine = create("llama.cpp")
    engine.load(ModelFiles("bert", "", {path.name: str(path)}), EngineOptions(), lambda _: None)
    yield engine
    engine.unload()


def test_a_model_that_pools_declares_vectors_and_generates_nothing(bert: Engine) -> None:
    assert bert.describe().capabilities == {"embed"}
    assert bert.describe().context == tiny_bert.CONTEXT
    with pytest.raises(Refused, match="generates no text"):
        bert.generate(GenerationRequest("job", prompt="the king"), lambda *_: None)


@pytest.mark.parametrize("text", TEXTS)
def test_its_vectors_are_those_of_plain_arithmetic(bert: Engine, text: str) -> None:
    """The library reads the activation from a table of 16-bit numbers: equal to three digits, not to the last."""
    (found,) = bert.embed([text])

    np.testing.assert_allclose(found, tiny_bert.vector(BERT, text), atol=5e-3)


def test_many_at_once_are_what_each_is_alone(bert: Engine) -> None:
    together = bert.embed(TEXTS)

    for text, vector in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(vector, bert.embed([text])[0], atol=1e-5)
    assert bert.embed([]) == []


def test_the_scripted_engine_says_what_means_the_same(tmp_path: Path) -> None:
    script = tmp_path / "script.toml"
    script.write_text('[meanings]\nmonarch = "king"\n')
    engine = create("scripted")
    engine.load(ModelFiles("script", "", {script.name: str(script)}), EngineOptions(), lambda _: None)

    king, monarch, river = engine.embed(["the king", "the monarch", "a river"])

    assert "embed" in engine.describe().capabilities
    assert king == monarch != river
