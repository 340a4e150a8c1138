"""`battui model`: which models are in the image, and how to get more in."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command `model` with its verbs."""
    parser = subparsers.add_parser("model", help="list models, pull a known one, add a file of your own")
    parser.set_defaults(run=run_list)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    verbs.add_parser("list", help="models in the image, and those that can be pulled").set_defaults(
        run=run_list
    )
    pull = verbs.add_parser("pull", help="fetch a known model into the image")
    pull.add_argument("name", metavar="NAME", help="such as smollm2-135m")
    pull.set_defaults(run=run_pull)
    add = verbs.add_parser("add", help="copy a GGUF file of your own into the image")
    add.add_argument("path", metavar="PATH", type=Path)
    add.add_argument("--name", metavar="NAME", default="", help="what to call it; otherwise after the file")
    add.set_defaults(run=run_add)


def run_list(arguments: Namespace) -> int:
    """Print the models; the exit code."""
    from battui.cli.model_store import models_of
    from battui.cli.wiring import settings_of
    from battui.engines.known_models import known_models

    held = models_of(settings_of(arguments))
    names = {record.name for record in held}
    rows: list[tuple[str, str, Any]] = [(record.name, "in the image", record) for record in held]
    rows += [(name, "can be pulled", model) for name, model in known_models().items() if name not in names]
    for name, where, model in rows:
        _print_model(arguments.output, name, where, model)
    return 0


def run_pull(arguments: Namespace) -> int:
    """Bring a known model into the image; what is already done is not done again. The exit code."""
    from battui.cli.model_store import pull
    from battui.cli.progress import StepProgress
    from battui.cli.wiring import settings_of
    from battui.engines.known_models import known_model

    progress = StepProgress()
    try:
        print(pull(settings_of(arguments), known_model(arguments.name), progress))
    finally:
        progress.close()
    return 0


def run_add(arguments: Namespace) -> int:
    """Copy a model file into the image; the file itself stays as it is. The exit code."""
    from battui.cli.model_store import add
    from battui.cli.progress import StepProgress
    from battui.cli.wiring import settings_of

    progress = StepProgress()
    try:
        print(add(settings_of(arguments), arguments.path, arguments.name, progress))
    finally:
        progress.close()
    return 0


def _print_model(form: str, name: str, where: str, model: Any) -> None:
    import json

    if form == "json":
        fields = ("title", "family", "format", "bytes", "sha256", "licence", "context")
        row = {"reply": "model", "name": name, "where": where} | {key: getattr(model, key) for key in fields}
        print(json.dumps(row, ensure_ascii=False))
    else:
        print(
            f"{name}  {where}  {model.bytes / (1 << 20):.0f} MiB  {model.licence or 'licence unknown'}  {model.title}"
        )
