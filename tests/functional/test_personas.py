"""Personas of the image think: each in its own words, with nothing left of another's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import trio

from battui.contracts.errors import MissionFailed
from battui.contracts.generation import ChatMessage, GenerationRequest, ModelFiles
from battui.contracts.replies import MissionView
from battui.kernel.inference.inference import Inference
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


async def test_a_persona_that_is_asked_itself_speaks_in_its_own_words(
    scripted_image: Scripted, live: Live
) -> None:
    script = script_of({}, extra=rule("warm and honest", "I am here.") + rule("Be brief", "Yes."))
    async with live(scripted_image(script)) as life:
        assert (await life.line("personas_obj.ROBIN.infer_(prompt='Who?')")).value == "I am here."
        await life.line("mira = personas_obj.ROBIN.clone()")
        assert (await life.line("mira.infer_(prompt='Who?')")).value == "I am here."
        asked = "mira.infer_(prompt='Who?', system_prompt='Be brief.')"
        assert (await life.line(asked)).value == "Yes.", "what the message says comes first"


QUESTION = "What is it?"
THINGS = ("an apple", "a river", "the moon")
ORDERS = (THINGS, THINGS[::-1], ("a river", "an apple", "a river", "the moon"))


def persona_of(thing: str) -> GenerationRequest:
    """The question to a persona that leaves no doubt: the greedy words come with a clear margin on any processor."""
    example = f"Question: {QUESTION} Answer: It is {thing}."
    system = f"You answer every question with the same words: It is {thing}. {' '.join([example] * 6)}"
    messages = (ChatMessage("system", system), ChatMessage("user", QUESTION))
    return GenerationRequest(id=thing, messages=messages, max_tokens=5)


async def said(inference: Inference, thing: str) -> str:
    return (await inference.generate(persona_of(thing))).candidates[0].text


@pytest.mark.model
async def test_no_persona_speaks_from_what_was_computed_for_another(
    bundled_model: ModelFiles, tmp_path: Path
) -> None:
    """One question to several personas, in several orders and all at once, is answered as in a fresh engine."""
    alone: dict[str, str] = {}
    for thing in THINGS:
        async with running("llama.cpp", bundled_model, tmp_path) as fresh:
            alone[thing] = await said(fresh, thing)
            assert thing in alone[thing], "the test needs a persona that keeps to its words"
    async with running("llama.cpp", bundled_model, tmp_path) as shared:
        for order in ORDERS:
            for thing in order:
                assert await said(shared, thing) == alone[thing], (order, thing)
        together: dict[str, str] = {}

        async def ask(thing: str) -> None:
            together[thing] = await said(shared, thing)

        async with trio.open_nursery() as nursery:
            for thing in THINGS:
                nursery.start_soon(ask, thing)
    assert together == alone
