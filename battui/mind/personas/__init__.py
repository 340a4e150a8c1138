"""Who thinks: personas as data files, and as the objects of an image that are made from them."""

from battui.mind.personas.held import (
    HeldPersona,
    add_persona,
    held_personas,
    keep_shipped,
    persona_of,
    personas_in,
    remove_persona,
)
from battui.mind.personas.loader import (
    load_personas,
    persona_as_table,
    persona_as_toml,
    persona_from,
    read_persona,
    shipped_personas,
)
from battui.mind.personas.voice import Voice, voice_of

__all__ = [
    "HeldPersona",
    "Voice",
    "add_persona",
    "held_personas",
    "keep_shipped",
    "load_personas",
    "persona_as_table",
    "persona_as_toml",
    "persona_from",
    "persona_of",
    "personas_in",
    "read_persona",
    "remove_persona",
    "shipped_personas",
    "voice_of",
]
