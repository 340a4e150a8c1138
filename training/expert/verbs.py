"""What the verbs of `python -m training.expert` do; each returns an exit code."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from training.expert.asked import budget_of, recipe_of

INTERRUPTED = 130


def train(arguments: Namespace) -> int:
    """Train a run, or go on with it."""
    from training.expert.run import train

    ended = train(
        arguments.data,
        arguments.out,
        recipe_of(arguments),
        budget_of(arguments),
        device=arguments.device,
        workers=arguments.workers,
        begin=arguments.begin,
        most=arguments.most,
    )
    return 0 if ended else INTERRUPTED


def export(arguments: Namespace) -> int:
    """Export a run as of its last checkpoint."""
    from training.expert.run import export_run

    export_run(arguments.folder, arguments.out)
    return 0


def average(arguments: Namespace) -> int:
    """Make one adapter of several."""
    from training.expert.averaging import average

    average(arguments.adapters, arguments.out)
    return 0


def install(arguments: Namespace) -> int:
    """Put a run's adapter where battui ships it from."""
    from training.expert.stages import install

    install(arguments.folder, arguments.adapter)
    return 0


def prove(arguments: Namespace) -> int:
    """Prove the conversion."""
    from training.expert.proof import prompts_of, prove

    proof = prove(arguments.adapter, prompts_of(arguments.examples, arguments.prompts))
    for parting in proof["partings"]:
        print(json.dumps(parting, ensure_ascii=False))
    print(
        f"{proof['equal']} of {proof['prompts']} texts are equal; largest margin {proof['largest_margin']} nats"
    )
    _write(arguments.out, proof)
    return 0


def words(arguments: Namespace) -> int:
    """Ask the small questions; 1 where the adapter touches requests that do not name it."""
    from training.expert.evaluation import words

    found = words(arguments.adapter)
    print(json.dumps(found))
    _write(arguments.out, found)
    return 0 if found["same"] == found["questions"] else 1


def evaluate(arguments: Namespace) -> int:
    """Put tasks to battui with the shipped adapter and without it."""
    from training.expert.card import scores_table
    from training.expert.evaluation import SETTINGS, evaluate

    settings = [each for each in SETTINGS if (arguments.only or "") in each.name]
    scores = evaluate(arguments.tasks, arguments.out, settings=settings)
    print(scores_table(scores))
    _write(arguments.out / "scores.json", scores)
    return 0


def card(arguments: Namespace) -> int:
    """Write the card."""
    from training.expert.card import write_card

    print(write_card(arguments.measured, arguments.adapter, "python -m training.expert make"))
    return 0


def make(arguments: Namespace) -> int:
    """Make everything, from data to card."""
    from training.expert.stages import Making, make

    recipe, budget = recipe_of(arguments), budget_of(arguments)
    making = Making(
        arguments.out,
        recipe,
        budget,
        arguments.per_family,
        arguments.device,
        arguments.workers,
        tuple(arguments.tasks),
        tuple(arguments.families),
        arguments.adapter,
        arguments.sampled,
        arguments.refining,
        arguments.prompts,
        arguments.most_tasks,
    )
    told = {"per-family": making.per_family, "minutes": budget.minutes, "passes": budget.passes}
    told |= {"sampled": making.sampled, "refining": making.refining if making.sampled else None}
    words = " ".join(f"--{name} {value:g}" for name, value in told.items() if value is not None)
    return 0 if make(making, f"python -m training.expert make {words}") else INTERRUPTED


def personal(arguments: Namespace) -> int:
    """Train a personal adapter, or go on with it."""
    from training.expert.personal import Order, personal

    order = Order(**{name: getattr(arguments, name) for name in Order.__dataclass_fields__})
    return 0 if personal(order) else INTERRUPTED


def keep(arguments: Namespace) -> int:
    """Draw the kept examples and tasks anew."""
    from training.expert.keeping import FOLDER, keep

    examples, tasks = keep(arguments.data)
    print(f"{examples} examples and {tasks} tasks are kept in {FOLDER}")
    return 0


def sample(arguments: Namespace) -> int:
    """Make examples of the expert's own candidates."""
    from training.expert.sampled_run import sample_from

    told = sample_from(
        arguments.data,
        arguments.adapter,
        arguments.out,
        tasks=arguments.tasks,
        count=arguments.candidates,
        seed=arguments.seed,
    )
    print(json.dumps(told))
    return 0


def _write(path: Path | None, found: Any) -> None:
    if path is not None:
        path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
