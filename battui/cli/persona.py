"""`battui persona`: who thinks in this image, and how to let others think as well."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from battui.mind.personas import HeldPersona


def add_parser(subparsers: Any) -> None:
    """Add the command `persona` with its verbs."""
    parser = subparsers.add_parser("persona", help="list who thinks in the image, show, add or remove one")
    parser.set_defaults(run=run_list)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    verbs.add_parser("list", help="personas in the image").set_defaults(run=run_list)
    add = verbs.add_parser("add", help="make a persona of the image from a TOML file")
    add.add_argument("file", metavar="FILE", type=Path, help="written like those that come with battui")
    add.add_argument("--replace", action="store_true", help="put it in the place of one of the same name")
    add.set_defaults(run=run_add)
    for verb, run, words in (
        ("show", run_show, "one persona as a TOML file has it"),
        ("remove", run_remove, "take a persona out of the image; it does not come back by itself"),
    ):
        parser = verbs.add_parser(verb, help=words)
        parser.add_argument("name", metavar="NAME")
        parser.set_defaults(run=run)


def run_list(arguments: Namespace) -> int:
    """Print the personas, one a line; the exit code."""
    for held in _held(arguments):
        _print(arguments.output, held)
    return 0


def run_show(arguments: Namespace) -> int:
    """Print one persona with all its words; the exit code."""
    from battui.contracts.errors import UnknownObject

    for held in _held(arguments):
        if held.persona.name == arguments.name:
            _print(arguments.output, held, whole=True)
            return 0
    raise UnknownObject("the image has no such persona", about=arguments.name, remedy="See: battui persona")


def run_add(arguments: Namespace) -> int:
    """Make a persona of the image from a file; the exit code."""
    from battui.cli.headless import perform
    from battui.contracts.personas import AddPersona
    from battui.mind.personas import persona_as_table, read_persona

    table = persona_as_table(read_persona(arguments.file))
    return perform(arguments, AddPersona(table, arguments.replace))


def run_remove(arguments: Namespace) -> int:
    """Take a persona out of the image; the exit code."""
    from battui.cli.headless import perform
    from battui.cli.wiring import require_image
    from battui.contracts.personas import RemovePersona

    require_image(arguments)
    return perform(arguments, RemovePersona(arguments.name))


def _held(arguments: Namespace) -> tuple[HeldPersona, ...]:
    """The image's personas; where there is no image yet, those that it would be born with."""
    from battui.cli.wiring import settings_of
    from battui.contracts.errors import UnknownObject
    from battui.image.image import Image
    from battui.mind.personas import HeldPersona, held_personas, shipped_personas

    try:
        with Image.look(settings_of(arguments).image) as image:
            return image.read(held_personas)
    except UnknownObject:
        return tuple(HeldPersona(persona, True) for persona in shipped_personas().values())


def _print(form: str, held: HeldPersona, *, whole: bool = False) -> None:
    import json

    from battui.mind.personas import persona_as_table, persona_as_toml

    persona = held.persona
    if form == "json":
        told = {"reply": "persona", "shipped": held.shipped, **persona_as_table(persona)}
        print(json.dumps(told, ensure_ascii=False))
    elif whole:
        print(persona_as_toml(persona), end="")
    else:
        pillars = f"  pillars {', '.join(persona.pillars)}" if persona.pillars else ""
        adapter = f"  adapter {persona.adapter}" if persona.adapter else ""
        print(f"{persona.name}  {persona.title}{pillars}{adapter}{'' if held.shipped else '  your own'}")
