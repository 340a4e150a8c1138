"""The arguments of `battui adapter train`, and the way from an image to an adapter of its own."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from battui.cli.personal.lessons import Lessons
    from battui.cli.personal.measuring import Comparison

NAME = "personal"
PASSES = 4.0


def add_parser(verbs: Any) -> None:
    """Add the verb `train`."""
    parser = verbs.add_parser("train", help="train an adapter of one's own on what the image has learned")
    parser.add_argument(
        "--from-image",
        action="store_true",
        required=True,
        help="the image's verified methods and their cases",
    )
    parser.add_argument("--name", metavar="NAME", default=NAME, help=f"what to call it (default: {NAME})")
    parser.add_argument(
        "--passes", metavar="N", type=_passes, default=PASSES, help=f"over the examples (default: {PASSES:g})"
    )
    parser.add_argument(
        "--python",
        metavar="PATH",
        type=Path,
        help="the Python that has the extra `train` (default: battui's own)",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask: the methods may be trained on")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Gather, ask, train, compare, and add the adapter if it is better; the exit code. Raises BattuiError."""
    import sys

    from battui.cli.personal import trainer
    from battui.cli.personal.desk import Desk
    from battui.cli.personal.learned import gather
    from battui.cli.personal.lessons import lessons
    from battui.cli.personal.measuring import compare
    from battui.cli.wiring import settings_of
    from battui.kernel.organs import cell_limits

    settings = settings_of(arguments)
    python = arguments.python or Path(sys.executable)
    with Desk.of(settings, arguments.name) as desk:
        gathered = gather(settings.image, cell_limits(settings.cell))
        for name, reason in gathered.left_out:
            _say(f"left out: {name}: {reason}")
        taught = lessons(gathered.methods, desk.form)
        trainer.require(python)
        desk.lay(taught, arguments.passes)
        _say(_told(taught, desk.folder))
        if not (arguments.yes or _consents()):
            _say("Nothing was trained.")
            return 0
        if not trainer.run(python, desk.orders(arguments.passes)):
            _say("Stopped. The same command goes on from here.")
            return trainer.STOPPED
        found = compare(
            settings, desk.adapter, name=arguments.name, tasks=(desk.tasks, desk.kept), folder=desk.folder
        )
        if isinstance(found, int):
            return found
        if found.better:
            desk.keep(found, taught)
        return _conclude(arguments, found)


def _told(taught: Lessons, folder: Path) -> str:
    return (
        f"{taught.trained} methods become {len(taught.examples)} examples, {len(taught.tasks)} are held back.\n"
        f"They lie in {folder}, and never leave this machine; the trainer is a program of its own that reads them."
    )


def _consents() -> bool:
    """Ask the person at the terminal. Raises UsageError where there is none."""
    import sys

    from battui.contracts.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked whether the methods may be trained on", remedy="Say so: --yes.")
    print("Train on them? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _conclude(arguments: Namespace, found: Comparison) -> int:
    """Print the figures, and what became of the adapter."""
    import json
    from dataclasses import asdict

    if arguments.output == "json":
        told = {"reply": "training", "name": arguments.name, "added": found.better}
        print(json.dumps({**told, **asdict(found)}, ensure_ascii=False))
        return 0
    print(f"held back, before: {found.before}\n           after:  {found.after}")
    print(f"kept tasks, before: {found.kept_before}\n            after:  {found.kept_after}")
    if found.better:
        print(
            f"{arguments.name} is now in the image. Missions use it with mission.expert = {arguments.name!r}."
        )
        print(f"To take it out again: battui adapter remove {arguments.name}")
    else:
        print("It is no better, and was not added.")
    return 0


def _say(text: str) -> None:
    import sys

    print(text, file=sys.stderr, flush=True)


def _passes(text: str) -> float:
    try:
        passes = float(text)
    except ValueError:
        passes = 0.0
    if not 0 < passes <= 100:
        raise ArgumentTypeError(f"{text!r} is no number of passes, more than 0 and at most 100")
    return passes
