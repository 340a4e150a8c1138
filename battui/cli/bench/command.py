"""The arguments of `battui bench`, and its one measurement so far: `jit`."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command `bench` with its verbs."""
    parser = subparsers.add_parser("bench", help="measure how well missions do")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    jit = verbs.add_parser("jit", help="send messages that nobody understands, and judge what was learned")
    jit.add_argument("tasks", metavar="TASKS", help="a file with one task a line, as JSON; - is stdin")
    jit.add_argument(
        "--samples",
        metavar="N",
        type=_count,
        help="candidates a mission may write (default: mission.candidates)",
    )
    jit.add_argument("--visible", action="store_true", help="what the message comes to is its expectation")
    jit.add_argument(
        "--report", metavar="FILE", type=Path, help="keep every task and candidate there, as JSON lines"
    )
    jit.add_argument("--resume", action="store_true", help="go on with the tasks that the report lacks")
    jit.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Measure and print what came out, per tier; the exit code. Raises BattuiError."""
    from battui.cli.bench.borrowed_model import borrowed_model
    from battui.cli.bench.measurement import measure, settings_of_measurement
    from battui.cli.bench.report import Report
    from battui.cli.bench.tasks import read_tasks
    from battui.cli.bench.tiers import as_json, as_text, by_tier
    from battui.cli.wiring import settings_of
    from battui.contracts.errors import UsageError

    if arguments.resume and arguments.report is None:
        raise UsageError("--resume goes on with a report", remedy="Name it: --report FILE.")
    tasks = read_tasks(arguments.tasks)
    settings = settings_of(arguments)
    samples = arguments.samples or settings.mission.candidates
    with borrowed_model(settings_of_measurement(settings, samples)) as (borrowed, model):
        head = {"bench": "jit", "samples": samples, "visible": arguments.visible}
        head |= {"engine": borrowed.engine.name, "model": model.name, "sha256": model.sha256}
        with Report(arguments.report, head, resume=arguments.resume) as report:
            code, verdicts = measure(
                borrowed, tasks, report, visible=arguments.visible, verbose=arguments.verbose
            )
    if code == 0:
        tiers = by_tier(verdicts)
        print(as_json(tiers) if arguments.output == "json" else as_text(tiers))
    return code


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= 64:
        raise ArgumentTypeError(f"{text!r} is no number from 1 to 64")
    return number
