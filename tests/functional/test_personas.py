"""Personas of the image think: each in its own words, with nothing left of another's."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import trio

from battui.contracts.errors import MissionFailed
from battui.contracts.generation import ChatMessage, GenerationRequest, ModelFiles
from battui.contracts.replies import MissionView
from battui.kernel.inference import Inference
from battui.mind.personas import shipped_personas
from tests.functional.conftest import BODIES, Live, script_of
from tests.functional.engine_bench import running
from tests.functional.test_approval_commands import run
from tests.functional.test_main_job import MAKE, TEACH, Scripted

VERA = """name = "VERA"
title = "the tester"
system_prompt = "You are Vera."
[pillars.WIT]
intent = "laugh"
system_prompt = "You are Wit."
"""
ASKS_BOTH = (
    '{"strategy": "ask", "pillars": ["SAGE", "SIMPLE_HEART"], '
    '"sub_questions": {"SAGE": "How?", "SIMPLE_HEART": "How?"}, "look_up": []}'
)


def rule(match: str, answer: str) -> str:
    return f"\n[[rules]]\nmatch = {json.dumps(match)}\nanswers = {json.dumps([answer])}\n"


def asked(view: MissionView, purpose: str) -> list[dict[str, Any]]:
    """The requests of a mission for one purpose, each with its prompt."""
    prompts: Any = view.provenance["prompts"]
    generations: Any = view.provenance["generations"]
    return [{**told, "prompt": prompts[told["prompt"]]} for told in generations if told["purpose"] == purpose]


async def test_two_facets_asked_the_same_are_asked_in_their_own_words(
    scripted_image: Scripted, live: Live
) -> None:
    voices = rule("quiet sage", "It rests on trust.") + rule("simple heart", "Just add it.")
    script = script_of(BODIES, extra=rule("JSON", ASKS_BOTH) + voices)
    async with live(scripted_image(script), mission__depth="council") as life:
        await life.line(MAKE)
        await life.line(TEACH)
        view = await life.mission("m1")
    assert view.facets == {"SAGE": "It rests on trust.", "SIMPLE_HEART": "Just add it."}
    first, second = (json.loads(told["prompt"]) for told in asked(view, "facet"))
    assert first[1] == second[1], "both were asked the same"
    assert first[0] != second[0], "each has a system prompt of its own"
    assert len(first) == len(second) == 2, "neither sees what the other was asked or said"


async def test_a_persona_of_a_users_own_is_asked_until_it_is_removed(
    scripted_image: Scripted, live: Live, tmp_path: Path
) -> None:
    plan = '{"strategy": "laugh", "pillars": ["WIT"], "sub_questions": {"WIT": "Why?"}, "look_up": []}'
    folder = scripted_image(script_of(BODIES, extra=rule("JSON", plan) + rule("You are Wit", "Ha.")))
    (tmp_path / "vera.toml").write_text(VERA)

    async def persona(*arguments: str) -> tuple[int, str, str]:
        return await trio.to_thread.run_sync(run, folder, tmp_path, "persona", *arguments)

    assert (await persona("add", str(tmp_path / "vera.toml")))[0] == 0
    code, out, _ = await persona("show", "VERA", "--output", "json")
    assert (code, json.loads(out)["pillars"]["WIT"]["intent"]) == (0, "laugh")
    async with live(folder, mission__depth="council") as life:
        await life.line(MAKE)
        await life.line(TEACH)
        assert (await life.mission("m1")).facets == {"WIT": "Ha."}
        await life.line("personas_obj.VERA.pillars = {}")
        await life.line("account.audit()  # return twice the balance")
        assert (await life.mission("m2")).facets == {}, "a change in the image counts at once"
    assert (await persona("remove", "VERA"))[0] == 0
    async with live(folder):
        pass
    code, out, _ = await persona()
    assert (code, [line.split()[0] for line in out.splitlines()]) == (0, ["ALFRED", "ROBIN"])


async def test_a_spoilt_persona_fails_the_mission_and_is_named(scripted_image: Scripted, live: Live) -> None:
    async with live(scripted_image(script_of(BODIES))) as life:
        await life.line(MAKE)
        await life.line("personas_obj.ROBIN.sampling = {'heat': 3}")
        with pytest.raises(MissionFailed, match=r"personas_obj\.ROBIN"):
            await life.line(TEACH)
        await life.line("personas_obj.ROBIN.sampling = {}")
        await life.line("account.audit()  # return twice the balance")


QUESTION = "Reply with the one word that you were told to say."
WORDS = ("apple", "river", "seven")


def told_to_say(word: str) -> GenerationRequest:
    """A persona's question; its system prompt differs in the middle, so that most of it is shared."""
    rest = shipped_personas()["ALFRED"].system_prompt
    return GenerationRequest(
        id=f"say.{word}",
        messages=(
            ChatMessage("system", f"{rest} Your word is {word}: {word}, {word}, {word}. {rest}"),
            ChatMessage("user", QUESTION),
        ),
        max_tokens=6,
    )


async def said(inference: Inference, word: str) -> str:
    return (await inference.generate(told_to_say(word))).candidates[0].text


@pytest.mark.model
@pytest.mark.slow
async def test_no_persona_speaks_from_what_was_computed_for_another(
    bundled_model: ModelFiles, tmp_path: Path
) -> None:
    """One question through several personas, in every order and at once, is answered as in a fresh engine."""
    alone: dict[str, str] = {}
    for word in WORDS:
        async with running("llama.cpp", bundled_model, tmp_path) as fresh:
            alone[word] = await said(fresh, word)
    assert len(set(alone.values())) == len(WORDS), f"the test needs answers that differ: {alone}"
    async with running("llama.cpp", bundled_model, tmp_path) as shared:
        for order in permutations(WORDS):
            for word in order:
                assert await said(shared, word) == alone[word], (order, word)
        together: dict[str, str] = {}

        async def ask(word: str) -> None:
            together[word] = await said(shared, word)

        async with trio.open_nursery() as nursery:
            for word in WORDS:
                nursery.start_soon(ask, word)
    assert together == alone
