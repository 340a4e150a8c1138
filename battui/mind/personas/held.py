"""Personas as objects of an image: `personas_obj` has one slot for each, and states read them there.

They are made from data files; a change of their slots counts with the next step of any mission.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from battui.contracts.errors import Refused, UnknownObject, UsageError
from battui.image.image import Image
from battui.image.objects import UvmObject
from battui.image.world import World
from battui.mind.briefs import Persona
from battui.mind.personas.loader import persona_as_table, persona_from, shipped_personas
from battui.mind.planning import STEWARD

HOLDER = "personas_obj"
_FIELDS = ("name", "title", "system_prompt", "adapter", "sampling", "pillars")


@dataclass(frozen=True, slots=True)
class HeldPersona:
    """A persona in an image; `shipped` where it came with battui and was not changed since."""

    persona: Persona
    shipped: bool


def keep_shipped(image: Image) -> None:
    """Give the image the personas that come with battui, but for those that its user has changed or removed."""
    shipped = {name: persona_as_table(persona) for name, persona in shipped_personas().items()}
    if not image.read(lambda world: _wanting(world, shipped)):
        return
    with image.unit_of_work("personas that come with battui") as world:
        for name in _wanting(world, shipped):
            _put(world, shipped[name], shipped=True)


def personas_in(world: World) -> Mapping[str, Persona]:
    """The image's personas by name, the steward first.

    Raises UsageError that names the persona and the slot where one was changed into something that is none.
    """
    if HOLDER not in world.root:
        return shipped_personas()
    found = {name: _persona(name, proxy) for name, proxy in _proxies(world).items()}
    return {STEWARD: found.get(STEWARD) or shipped_personas()[STEWARD], **found}


def persona_of(speaker: UvmObject) -> Persona | None:
    """The persona that this object is, or was cloned from; raises UsageError as `personas_in` does."""
    slots = speaker._slots
    if not all(field in slots for field in _FIELDS):
        return None
    # A clone may be called anything.
    name = str(slots["name"])
    return _persona(name if name.isidentifier() else "PERSONA", speaker)


def held_personas(world: World) -> tuple[HeldPersona, ...]:
    """The image's personas, and which of them are as battui brought them."""
    if HOLDER not in world.root:
        return tuple(HeldPersona(persona, True) for persona in shipped_personas().values())
    return tuple(
        HeldPersona(_persona(name, proxy), _is_unchanged(proxy)) for name, proxy in _proxies(world).items()
    )


def add_persona(world: World, persona: Persona, *, replace: bool = False) -> None:
    """Put a persona into the image; raises Refused where its name, or one of its pillars' names, is taken."""
    held = _proxies(world) if HOLDER in world.root else {}
    if persona.name in held and not replace:
        raise Refused(
            "the image has a persona of this name",
            about=persona.name,
            remedy="Remove it first, or put the new one in its place with --replace.",
        )
    for name, proxy in held.items():
        if name != persona.name and (taken := set(persona.pillars) & set(proxy._slots.get("pillars") or {})):
            raise Refused(f"{name} has a pillar of this name", about=sorted(taken)[0], remedy="Rename yours.")
    _put(world, persona_as_table(persona), shipped=False)


def remove_persona(world: World, name: str) -> None:
    """Take a persona out of the image; one that came with battui does not come back by itself.

    Raises UnknownObject, and Refused for the steward, without whom no mission is planned.
    """
    if name == STEWARD:
        raise Refused(
            "without the steward no mission is planned",
            about=name,
            remedy="Put another one in its place: battui persona add FILE --replace",
        )
    proxies = _proxies(world) if HOLDER in world.root else {}
    if name not in proxies:
        known = ", ".join(proxies) or "none"
        raise UnknownObject("the image has no such persona", about=name, remedy=f"It has: {known}.")
    holder = _holder(world)
    delattr(holder, name)
    holder.declined = sorted({*holder._slots.get("declined", ()), name})


def _wanting(world: World, shipped: Mapping[str, dict[str, Any]]) -> list[str]:
    """The shipped personas that the image lacks, or has in an older form that nobody has changed."""
    if HOLDER not in world.root:
        return list(shipped)
    declined, held = _holder(world)._slots.get("declined", ()), _proxies(world)
    return [
        name
        for name, plain in shipped.items()
        if (name not in held and name not in declined)
        or (name in held and _is_unchanged(held[name]) and _digest(_slots(held[name])) != _digest(plain))
    ]


def _put(world: World, plain: Mapping[str, Any], *, shipped: bool) -> None:
    if HOLDER not in world.root:
        world.root[HOLDER] = UvmObject({"parent*": [world.root["traits_obj"]]}, declined=[])
    parents = {"parent*": [world.root["pLLM_obj"], world.root["traits_obj"]]}
    made = UvmObject(parents, **plain, brought=_digest(plain) if shipped else "")
    setattr(_holder(world), plain["name"], made)


def _holder(world: World) -> UvmObject:
    holder: UvmObject = world.root[HOLDER]
    return holder


def _proxies(world: World) -> dict[str, UvmObject]:
    slots = _holder(world)._slots.items()
    return {name: value for name, value in slots if isinstance(value, UvmObject)}


def _persona(name: str, proxy: UvmObject) -> Persona:
    plain = {field: value for field, value in _slots(proxy).items() if value not in (None, "")}
    try:
        return persona_from({**plain, "name": name}, f"{HOLDER}.{name}")
    except UsageError as error:
        raise UsageError(error.what, about=error.about, remedy="Correct the slot, or add it anew.") from None


def _slots(proxy: UvmObject) -> dict[str, Any]:
    return {field: proxy._slots.get(field) for field in _FIELDS}


def _is_unchanged(proxy: UvmObject) -> bool:
    return bool(proxy._slots.get("brought")) and proxy._slots["brought"] == _digest(_slots(proxy))


def _digest(plain: Mapping[str, Any]) -> str:
    text = json.dumps({field: plain.get(field) for field in _FIELDS}, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()
