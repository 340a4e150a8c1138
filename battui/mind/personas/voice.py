"""In whose voice an object asks the model by itself (`infer_`): its persona's, or a plain one."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from battui.contracts.errors import UnknownObject
from battui.contracts.generation import Sampling
from battui.image.lookup import chain
from battui.image.world import World
from battui.mind.personas.held import persona_of


@dataclass(frozen=True, slots=True)
class Voice:
    """What a request is made with where the message does not say otherwise."""

    sampling: Sampling
    system_prompt: str = ""
    adapter: str = ""


def voice_of(world: World, oid: int) -> Voice:
    """A persona, and every clone of one, speaks as that persona does; all others plainly.

    Raises UsageError where the persona was changed into something that is none.
    """
    try:
        speaker = world.object_at(oid)
    except UnknownObject:
        # One that a method has only just made.
        return Voice(_plain())
    for holder in chain(speaker):
        if (persona := persona_of(holder)) is not None:
            return Voice(persona.sampling, persona.system_prompt, persona.adapter or "")
    return Voice(_plain())


@cache
def _plain() -> Sampling:
    text = (files("battui.mind.prompts") / "voice.toml").read_text(encoding="utf-8")
    return Sampling(**tomllib.loads(text)["sampling"])
