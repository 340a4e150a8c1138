"""Personas as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from battui.contracts.errors import UsageError
from battui.mind.personas import load_personas, shipped_personas
from battui.mind.planning import STEWARD

PLAIN = 'name = "{name}"\ntitle = "the tester"\nsystem_prompt = "Be brief."\n'


def test_the_steward_and_a_companion_with_two_pillars_are_shipped() -> None:
    personas = shipped_personas()
    assert personas[STEWARD].adapter is None
    assert [set(persona.pillars) for persona in personas.values() if persona.pillars] == [
        {"SAGE", "SIMPLE_HEART"}
    ]


def test_a_user_adds_a_persona_with_a_file(tmp_path: Path) -> None:
    text = PLAIN.format(name="VERA") + (
        'adapter = "vera"\n[sampling]\ntemperature = 1\n'
        '[pillars.WIT]\nintent = "laugh"\nsystem_prompt = """\nBe\nfunny.\n"""\n'
    )
    (tmp_path / "vera.toml").write_text(text, encoding="utf-8")
    vera = load_personas(tmp_path)["VERA"]
    assert (vera.adapter, vera.sampling.temperature) == ("vera", 1)
    assert (vera.pillars["WIT"].name, vera.pillars["WIT"].system_prompt) == ("WIT", "Be funny.")


def test_no_folder_means_no_personas(tmp_path: Path) -> None:
    assert load_personas(tmp_path / "absent") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "a.toml"),
        ('title = "t"\nsystem_prompt = "s"', "`name` must be a text"),
        (PLAIN.format(name="two words"), "'two words' is no name"),
        (PLAIN.format(name="A") + "system_prompt2 = 1", "`system_prompt2` is unknown"),
        (PLAIN.format(name="A") + 'sampling = "hot"', "`sampling` must be a table"),
        (PLAIN.format(name="A") + "[sampling]\ntemperature = -1", "`sampling.temperature` must be"),
        (PLAIN.format(name="A") + "[sampling]\ntop_k = 1.5", "`sampling.top_k` must be"),
        (PLAIN.format(name="A") + "[sampling]\nwarmth = 1", "`warmth` is unknown"),
        (PLAIN.format(name="A") + '[pillars.P]\nintent = ""\nsystem_prompt = "s"', "`intent` must be"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_personas(tmp_path)
    assert words in str(caught.value)
    assert "a.toml" in str(caught.value)


def test_two_files_cannot_describe_one_persona(tmp_path: Path) -> None:
    for file in ("a.toml", "b.toml"):
        (tmp_path / file).write_text(PLAIN.format(name="TWIN"), encoding="utf-8")
    with pytest.raises(UsageError, match="already describes TWIN"):
        load_personas(tmp_path)
