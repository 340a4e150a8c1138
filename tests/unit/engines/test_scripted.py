"""Scripts: what they may say and how a bad one is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from battui.contracts.errors import ModelUnavailable
from battui.contracts.generation import EngineOptions, GenerationRequest, ModelFiles
from battui.engines.scripted import Rule, ScriptedEngine, read_script


def model(path: Path) -> ModelFiles:
    return ModelFiles("script", "", {path.name: str(path)})


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[[rules]]\nmatch = "x"\nanswers = ["y", "z"]\ndelay = 0.5\n')
    (tmp_path / "a.json").write_text(
        json.dumps({"rules": [{"match": "x", "answers": ["y", "z"], "delay": 0.5}]})
    )

    rules = [read_script(model(tmp_path / name))[0] for name in ("a.toml", "a.json")]

    assert rules == [(Rule("x", ("y", "z"), 0.5),)] * 2


@pytest.mark.parametrize(
    "text",
    ["rules = 3", "[[rules]]\nmatch = '('", "[[rules]]\nmtach = 'x'", "[[rules]]\nmatch = 1", "no toml"],
)
def test_a_bad_script_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)

    with pytest.raises(ModelUnavailable, match=r"bad\.toml"):
        read_script(model(path))


def test_the_first_rule_that_matches_counts_and_none_is_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        '[[rules]]\nmatch = "^b"\nanswers = ["first"]\n[[rules]]\nmatch = "b"\nanswers = ["second"]\n'
    )
    engine = ScriptedEngine()
    engine.load(model(path), EngineOptions(), lambda _: None)

    def answer(prompt: str) -> str:
        return engine.generate(GenerationRequest("job", prompt=prompt), lambda *_: None).candidates[0].text

    assert [answer(prompt) for prompt in ("bc", "ab", "xy")] == ["first", "second", ""]
