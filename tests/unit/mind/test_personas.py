"""Personas as files, and as objects of an image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from battui.contracts.commands import Path as ObjectPath
from battui.contracts.errors import Refused, UnknownObject, UsageError
from battui.contracts.generation import Sampling
from battui.image.image import Image
from battui.image.objects import clone_of
from battui.image.world import oid_of
from battui.mind.briefs import Persona, Pillar
from battui.mind.personas import (
    add_persona,
    held_personas,
    keep_shipped,
    load_personas,
    persona_as_toml,
    personas_in,
    read_persona,
    remove_persona,
    shipped_personas,
    voice_of,
)
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


@pytest.fixture
def borne(image: Image) -> Image:
    """An image that has been given what comes with battui."""
    keep_shipped(image)
    return image


def persona(name: str, pillar: str = "WIT", prompt: str = "Be brief.") -> Persona:
    return Persona(
        name, "the tester", prompt, None, Sampling(), {pillar: Pillar(pillar, "laugh", "Be funny.")}
    )


def names(image: Image) -> list[str]:
    return sorted(image.read(personas_in))


def test_personas_become_objects_that_messages_can_read_and_change(borne: Image) -> None:
    with borne.unit_of_work("change") as world:
        assert world.resolve(ObjectPath(("personas_obj", "ROBIN", "title"))) == "the companion"
        world.root["personas_obj"].ROBIN.system_prompt = "You are Robin, and you are terse."
    assert borne.read(personas_in)["ROBIN"].system_prompt == "You are Robin, and you are terse."
    keep_shipped(borne)
    assert borne.read(personas_in)["ROBIN"].system_prompt == "You are Robin, and you are terse."
    assert [held.persona.name for held in borne.read(held_personas) if not held.shipped] == ["ROBIN"]


def test_what_was_made_from_a_file_is_what_the_file_says(borne: Image) -> None:
    assert borne.read(personas_in) == shipped_personas()


def test_a_newer_form_takes_the_place_of_one_that_nobody_has_changed(
    borne: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = {name: replace(each, title="the newer") for name, each in shipped_personas().items()}
    with borne.unit_of_work("change") as world:
        world.root["personas_obj"].ALFRED.system_prompt = "Mine."
    monkeypatch.setattr("battui.mind.personas.held.shipped_personas", lambda: newer)
    keep_shipped(borne)
    found = borne.read(personas_in)
    assert (found["ROBIN"].title, found["ALFRED"].system_prompt) == ("the newer", "Mine.")


def test_personas_are_added_and_removed_and_do_not_come_back(borne: Image) -> None:
    with borne.unit_of_work("add") as world:
        add_persona(world, persona("VERA"))
        remove_persona(world, "ROBIN")
    keep_shipped(borne)
    assert names(borne) == ["ALFRED", "VERA"]
    with borne.unit_of_work("again") as world:
        with pytest.raises(Refused, match="--replace"):
            add_persona(world, persona("VERA"))
        add_persona(world, persona("VERA", prompt="Be long."), replace=True)
        with pytest.raises(Refused, match="pillar"):
            add_persona(world, persona("OTTO"))
        with pytest.raises(Refused, match="steward"):
            remove_persona(world, "ALFRED")
        with pytest.raises(UnknownObject, match="ALFRED, VERA"):
            remove_persona(world, "ROBIN")
    assert borne.read(personas_in)["VERA"].system_prompt == "Be long."


@pytest.mark.parametrize(
    ("slot", "value"), [("system_prompt", ""), ("sampling", {"heat": 1}), ("pillars", [1]), ("title", 3)]
)
def test_a_persona_that_was_spoilt_is_named(borne: Image, slot: str, value: object) -> None:
    with borne.unit_of_work("spoil") as world:
        setattr(world.root["personas_obj"].ROBIN, slot, value)
    with pytest.raises(UsageError, match=r"personas_obj\.ROBIN"):
        borne.read(personas_in)


def test_an_image_without_personas_thinks_with_those_that_come_with_battui(image: Image) -> None:
    assert image.read(personas_in) == shipped_personas()


def test_a_persona_written_as_a_file_is_read_the_same(tmp_path: Path) -> None:
    made = replace(persona("VERA", prompt='Say "yes",\\ always: ü.'), adapter="vera")
    for each in (made, *shipped_personas().values()):
        (tmp_path / "a.toml").write_text(persona_as_toml(each), encoding="utf-8")
        assert read_persona(tmp_path / "a.toml") == each


def test_the_persona_of_the_guide_can_be_added(borne: Image, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "missions.md").read_text(encoding="utf-8")
    (tmp_path / "gardener.toml").write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    with borne.unit_of_work("add") as world:
        add_persona(world, read_persona(tmp_path / "gardener.toml"))
    assert list(borne.read(personas_in)["FLORA"].pillars) == ["PATIENCE"]


def test_a_persona_and_its_clones_speak_as_it_does_and_all_others_plainly(image: Image) -> None:
    keep_shipped(image)
    robin = shipped_personas()["ROBIN"]
    with image.unit_of_work("test") as world:
        kept = world.root["personas_obj"].ROBIN
        mira = world.store(clone_of(kept, {"name": "Mira the second"}))
        plain = world.store(clone_of(world.root["genesis_obj"], {"sampling": "of stones"}))
        for speaker in (kept, mira):
            voice = voice_of(world, oid_of(speaker))
            assert (voice.system_prompt, voice.sampling) == (robin.system_prompt, robin.sampling)
        for oid in (oid_of(plain), 1 << 60):
            voice = voice_of(world, oid)
            assert (voice.system_prompt, voice.adapter) == ("", "")
            assert voice.sampling.repeat_penalty > 1, "a small model repeats itself otherwise"
        kept.sampling = {"heat": 3}
        with pytest.raises(UsageError, match=r"personas_obj\.ROBIN"):
            voice_of(world, oid_of(kept))
