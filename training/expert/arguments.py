"""The arguments of `python -m training.expert`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import fields
from pathlib import Path
from typing import Any

from training.expert.recipe import Budget, Recipe

INTERRUPTED = 130


def parsed() -> Namespace:
    """What was asked for: `run` performs it."""
    parser = ArgumentParser(prog="python -m training.expert", description=__doc__)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_train(verbs)
    return parser.parse_args()


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
    parser.add_argument("--workers", type=int, help="threads with a batch each (default: one for each core)")


def recipe_of(arguments: Namespace) -> Recipe:
    """The recipe that was asked for."""
    return Recipe(**{field.name: getattr(arguments, field.name) for field in fields(Recipe)})


def budget_of(arguments: Namespace) -> Budget:
    """The budget that was asked for; an hour, if none was."""
    if arguments.minutes is None and arguments.passes is None:
        return Budget(minutes=60)
    return Budget(arguments.minutes, arguments.passes)


def _add_train(verbs: Any) -> None:
    parser = verbs.add_parser("train", help="train the matrices; goes on where it was interrupted")
    parser.add_argument("--data", type=Path, required=True, help="folder with train.jsonl, development.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run: checkpoint, log, adapter")
    parser.add_argument("--from", dest="begin", type=Path, help="an adapter to begin with")
    parser.add_argument("--most", type=int, help="take no more examples than these")
    add_recipe(parser)
    parser.set_defaults(run=_train)


def _train(arguments: Namespace) -> int:
    from training.expert.run import train

    finished = train(
        arguments.data,
        arguments.out,
        recipe_of(arguments),
        budget_of(arguments),
        device=arguments.device,
        workers=arguments.workers,
        begin=arguments.begin,
        most=arguments.most,
    )
    return 0 if finished else INTERRUPTED
