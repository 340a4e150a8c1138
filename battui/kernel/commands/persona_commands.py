"""Personas in a running kernel: a mission reads them anew with each of its steps."""

from __future__ import annotations

from functools import partial

from battui.contracts.personas import AddPersona, PersonaCommand, RemovePersona
from battui.contracts.replies import Answer
from battui.image.world import World
from battui.kernel.messages.receipts import KeyedCommitter
from battui.kernel.transactions.committer import Committer
from battui.mind.briefs import Persona
from battui.mind.personas import add_persona, persona_from, remove_persona


async def perform_persona_command(command: PersonaCommand, committer: Committer | KeyedCommitter) -> Answer:
    """Put a persona into the image or take it out; raises UsageError, Refused, UnknownObject."""
    match command:
        case AddPersona(persona=table, replace=replace):
            given = {field: value for field, value in table.items() if value is not None}
            persona = persona_from(given, str(table.get("name", "persona")))
            note = f"add persona {persona.name}"
            return await committer.perform(note, partial(_added, persona=persona, replace=replace))
        case RemovePersona(name=name):
            return await committer.perform(f"remove persona {name}", partial(_removed, name=name))


def _added(world: World, *, persona: Persona, replace: bool) -> Answer:
    add_persona(world, persona, replace=replace)
    return Answer(persona.name, f"{persona.name} is now in the image")


def _removed(world: World, *, name: str) -> Answer:
    remove_persona(world, name)
    return Answer(name, f"{name} is no longer in the image")
