"""`python -m training.curves run` makes the short runs, `draw` the picture of what they wrote down."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from battui.contracts.errors import BattuiError
from training.curves.drawing import picture
from training.curves.runs import FIGURES, STOPPED, Series, run_all
from training.expert.recipe import Recipe


def main() -> int:
    """Do what was asked for; the exit code."""
    asked = _arguments()
    try:
        return int(asked.run(asked))
    except KeyboardInterrupt:
        return STOPPED
    except BattuiError as error:
        print(f"training: {error}", file=sys.stderr)
        return 1


def _run(asked: Namespace) -> int:
    recipe = Recipe(batch=asked.batch, part=asked.part)
    options = ("--batch", str(asked.batch), "--part", str(asked.part), "--device", asked.device)
    series = Series(
        asked.data, asked.out, asked.steps, options, tuple(asked.families), asked.sampled, tuple(asked.only)
    )
    return 0 if run_all(series, recipe) else STOPPED


def _draw(asked: Namespace) -> int:
    figures = json.loads((asked.runs / FIGURES).read_text("utf-8"))
    asked.out.write_text(picture(figures), encoding="utf-8")
    print(asked.out)
    return 0


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m training.curves", description=__doc__)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    run = verbs.add_parser("run", help="short runs that differ in one thing each; goes on where it stopped")
    run.add_argument("--data", type=Path, required=True)
    run.add_argument("--out", type=Path, required=True, help="folder of the runs")
    run.add_argument("--steps", type=int, default=200, help="of each run (default: 200)")
    run.add_argument("--batch", type=int, default=Recipe().batch)
    run.add_argument("--part", type=int, default=Recipe().part)
    run.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    run.add_argument("--families", type=Path, nargs="+", default=[], help="those that the data was made of")
    run.add_argument(
        "--sampled", type=Path, help="a folder of rejection sampling: one run has its examples, too"
    )
    run.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these runs and no others")
    run.set_defaults(run=_run)
    draw = verbs.add_parser("draw", help="the picture, as SVG")
    draw.add_argument("--runs", type=Path, required=True)
    draw.add_argument("--out", type=Path, required=True)
    draw.set_defaults(run=_draw)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
