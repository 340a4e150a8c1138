"""The arguments of `python -m training.expert`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from battui.contracts.resources import folder
from training.expert import verbs as perform
from training.expert.asked import add_recipe
from training.expert.recipe import Budget

ADAPTER = folder("adapters") / "jit"


def parsed() -> Namespace:
    """What was asked for: `run` performs it."""
    parser = ArgumentParser(prog="python -m training.expert", description=__doc__)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for add in (
        _add_train,
        _add_export,
        _add_average,
        _add_install,
        _add_prove,
        _add_words,
        _add_evaluate,
        _add_card,
        _add_make,
        _add_personal,
        _add_keep,
        _add_sample,
    ):
        add(verbs)
    return parser.parse_args()


def _add_train(verbs: Any) -> None:
    parser = verbs.add_parser("train", help="train the matrices; goes on where it was interrupted")
    parser.add_argument("--data", type=Path, required=True, help="folder with train.jsonl, development.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run: checkpoint, log, adapter")
    parser.add_argument("--from", dest="begin", type=Path, help="an adapter to begin with")
    parser.add_argument("--most", type=int, help="take no more examples than these")
    add_recipe(parser)
    parser.set_defaults(run=perform.train)


def _add_export(verbs: Any) -> None:
    parser = verbs.add_parser("export", help="export a run that goes on still, as of its last checkpoint")
    parser.add_argument("--run", dest="folder", type=Path, required=True, help="folder of the run")
    parser.add_argument("--out", type=Path, required=True, help="folder for the adapter")
    parser.set_defaults(run=perform.export)


def _add_average(verbs: Any) -> None:
    parser = verbs.add_parser("average", help="make one adapter of several that were trained from each other")
    parser.add_argument("adapters", type=Path, nargs="+", help="folders of adapters")
    parser.add_argument("--out", type=Path, required=True, help="folder for the adapter")
    parser.set_defaults(run=perform.average)


def _add_install(verbs: Any) -> None:
    parser = verbs.add_parser("install", help="put a run's adapter where battui ships it from")
    parser.add_argument("--run", dest="folder", type=Path, required=True, help="folder of the run")
    parser.add_argument("--adapter", type=Path, default=ADAPTER)
    parser.set_defaults(run=perform.install)


def _add_prove(verbs: Any) -> None:
    parser = verbs.add_parser("prove", help="compare greedy texts of transformers with battui's own")
    parser.add_argument("--adapter", type=Path, default=ADAPTER)
    parser.add_argument("--examples", type=Path, required=True, help="JSON lines with prompts")
    parser.add_argument("--prompts", type=int, default=100)
    parser.add_argument("--out", type=Path, help="a file for the result")
    parser.set_defaults(run=perform.prove)


def _add_words(verbs: Any) -> None:
    parser = verbs.add_parser("words", help="ask the small questions with the adapter and without")
    parser.add_argument("--adapter", type=Path, default=ADAPTER)
    parser.add_argument("--out", type=Path, help="a file for the result")
    parser.set_defaults(run=perform.words)


def _add_evaluate(verbs: Any) -> None:
    parser = verbs.add_parser("evaluate", help="battui bench jit with the shipped adapter and without it")
    parser.add_argument("tasks", type=Path, nargs="+", help="files of tasks")
    parser.add_argument("--out", type=Path, required=True, help="folder for the reports; goes on from there")
    parser.add_argument("--only", help="the settings whose name has this in it")
    parser.set_defaults(run=perform.evaluate)


def _add_card(verbs: Any) -> None:
    parser = verbs.add_parser("card", help="write the adapter's card from the measurements in a folder")
    parser.add_argument("--measured", type=Path, required=True)
    parser.add_argument("--adapter", type=Path, default=ADAPTER)
    parser.set_defaults(run=perform.card)


def _add_make(verbs: Any) -> None:
    parser = verbs.add_parser("make", help="everything, from data to card; goes on where it was interrupted")
    parser.add_argument("--out", type=Path, default=Path("training/out"), help="folder for all of it")
    parser.add_argument("--per-family", type=int, default=9, help="examples of each family")
    parser.add_argument(
        "--families", type=Path, nargs="+", default=[], help="files of families (default: all)"
    )
    parser.add_argument("--adapter", type=Path, default=ADAPTER, help="folder for the expert")
    parser.add_argument(
        "--sampled", type=int, default=80, help="tasks for rejection sampling; 0 leaves it out"
    )
    parser.add_argument("--refining", type=float, default=1.0, help="passes over what comes of it")
    parser.add_argument("--prompts", type=int, default=100, help="of the proof, words and speeds, at most")
    parser.add_argument("--most-tasks", type=int, default=40, help="of each file of tasks")
    parser.add_argument(
        "--tasks", type=Path, action="append", default=[], help="a file of tasks to be scored on"
    )
    add_recipe(parser)
    parser.set_defaults(run=perform.make, unless=Budget(minutes=85, passes=3.0))


def _add_personal(verbs: Any) -> None:
    parser = verbs.add_parser("personal", help="what battui adapter train --from-image asks for")
    for name, words in (
        ("examples", "what the image has learned, as JSON lines"),
        ("from", "the folder of the expert to begin with"),
        ("base", "the bundled model's file"),
        ("out", "folder of the run; goes on from there"),
        ("adapter", "folder for the adapter"),
        ("kept-tasks", "a file for tasks that tell what is lost"),
    ):
        target = {"from": "begin"}.get(name, name.replace("-", "_"))
        parser.add_argument(f"--{name}", dest=target, type=Path, required=True, help=words)
    parser.add_argument("--passes", type=float, required=True)
    parser.set_defaults(run=perform.personal)


def _add_keep(verbs: Any) -> None:
    parser = verbs.add_parser(
        "keep", help="draw what personal adapters must not forget, from a folder of data"
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.set_defaults(run=perform.keep)


def _add_sample(verbs: Any) -> None:
    parser = verbs.add_parser(
        "sample", help="examples from the expert's own candidates; goes on where it stopped"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with train.jsonl")
    parser.add_argument(
        "--adapter", type=Path, default=ADAPTER, help="whose candidates; a run's folder will do"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for train.jsonl and a summary")
    parser.add_argument("--tasks", type=int, default=2000, help="of families that are trained on")
    parser.add_argument("--candidates", type=int, default=8, help="for each, the greedy one among them")
    parser.add_argument("--seed", type=int, default=1)
    parser.set_defaults(run=perform.sample)
