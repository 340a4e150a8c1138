"""Who thinks: personas as data files, and as the objects of an image that are made from them."""

from battui.mind.personas.held import (
    HeldPersona,
    add_persona,
    held_personas,
    keep_shipped,
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

__all__ = [
    "HeldPersona",
    "add_persona",
    "held_personas",
    "keep_shipped",
    "load_personas",
    "persona_as_table",
    "persona_as_toml",
    "persona_from",
    "personas_in",
    "read_persona",
    "remove_persona",
    "shipped_personas",
]
