"""The recipe as arguments, and arguments as a recipe."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import fields

from training.expert.recipe import Budget, Recipe


def add_recipe(parser: ArgumentParser) -> None:
    """The arguments that decide what is trained, and for how long."""
    plain = Recipe()
    for field in fields(Recipe):
        kind = type(getattr(plain, field.name))
        option = {"rate": ("--lr", "--rate")}.get(field.name, (f"--{field.name}",))
        parser.add_argument(*option, dest=field.name, type=kind, default=getattr(plain, field.name))
    parser.add_argument("--minutes", type=float, help="of training; the learning rate follows")
    parser.add_argument("--passes", type=float, help="over the data; both: whichever is over first")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--workers", type=int, help="processes that compute (default: one for each core)")


def recipe_of(arguments: Namespace) -> Recipe:
    """The recipe that was asked for."""
    return Recipe(**{field.name: getattr(arguments, field.name) for field in fields(Recipe)})


def budget_of(arguments: Namespace) -> Budget:
    """The budget that was asked for; if none was, the verb's own: an hour, or what it has for `unless`."""
    if arguments.minutes is None and arguments.passes is None:
        return getattr(arguments, "unless", Budget(minutes=60))
    return Budget(arguments.minutes, arguments.passes)
