"""`battui model`: which models are in the image, and how to get more in."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from battui.cli import quantize, web_pull


def add_parser(subparsers: Any) -> None:
    """Add the command `model` with its verbs."""
    parser = subparsers.add_parser("model", help="list models, pull a known one, add a file of your own")
    parser.set_defaults(run=run_list)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    verbs.add_parser("list", help="models in the image, and those that can be pulled").set_defaults(
        run=run_list
    )
    pull = verbs.add_parser(
        "pull", help="fetch a known model, or the GGUF file at a web address, into the image"
    )
    pull.add_argument("what", metavar="NAME|ADDRESS", help="such as smollm2-135m, or https://...")
    web_pull.add_arguments(pull, of="the file")
    pull.set_defaults(run=run_pull)
    add = verbs.add_parser("add", help="copy a GGUF file, or a folder of safetensors, into the image")
    add.add_argument("path", metavar="PATH", type=Path)
    add.add_argument("--name", metavar="NAME", default="", help="what to call it; otherwise after the file")
    add.set_defaults(run=run_add)
    quantize.add_parser(verbs)
    for verb, run, words in (
        ("show", run_show, "what the image knows of a model, and its adapters"),
        ("use", run_use, "go on with another model of the image, at once where a kernel runs"),
        ("remove", run_remove, "take a model out of the image; battui undo brings it back"),
    ):
        chosen = verbs.add_parser(verb, help=words)
        chosen.add_argument("name", metavar="NAME")
        chosen.set_defaults(run=run)


def run_list(arguments: Namespace) -> int:
    """Print the models; the exit code."""
    from battui.cli.wiring import settings_of
    from battui.engines.known_models import known_models

    held = _models(settings_of(arguments))
    names = {record.name for record in held}
    rows: list[tuple[str, str, Any]] = [(record.name, _where(record), record) for record in held]
    rows += [(name, "can be pulled", model) for name, model in known_models().items() if name not in names]
    for name, where, model in rows:
        _print_model(arguments.output, name, where, model)
    return 0


def run_pull(arguments: Namespace) -> int:
    """Bring a model into the image; what is already done is not done again. The exit code."""
    from battui.cli.model_place import pulled
    from battui.cli.output import print_done
    from battui.cli.progress import StepProgress
    from battui.cli.remote_kernel import once_it_can_be_had
    from battui.cli.wiring import settings_of
    from battui.engines.known_models import known_model
    from battui.engines.web_source import is_address

    settings, progress = settings_of(arguments), StepProgress()
    try:
        if is_address(arguments.what):
            source = web_pull.Source(arguments.what, arguments.name, arguments.sha256)
            name, done = web_pull.pulled_model(settings, source, progress)
        else:
            model = known_model(arguments.what)
            name, done = model.name, once_it_can_be_had(lambda: pulled(settings, model, progress))
    finally:
        progress.close()
    print_done(arguments.output, name, done)
    return 0


def run_add(arguments: Namespace) -> int:
    """Copy a model file into the image; the file itself stays as it is. The exit code."""
    from battui.cli.model_place import added
    from battui.cli.output import print_done
    from battui.cli.progress import StepProgress
    from battui.cli.remote_kernel import once_it_can_be_had
    from battui.cli.wiring import settings_of

    progress = StepProgress()
    try:
        settings = settings_of(arguments)
        done = once_it_can_be_had(lambda: added(settings, arguments.path, arguments.name, progress))
    finally:
        progress.close()
    print_done(arguments.output, done.partition(" ")[0], done)
    return 0


def run_show(arguments: Namespace) -> int:
    """Print a model and what belongs to it; the exit code."""
    import json

    from battui.cli.model_text import model_details
    from battui.cli.reply_json import plain
    from battui.cli.wiring import settings_of
    from battui.contracts.errors import UnknownObject

    models = _models(settings_of(arguments))
    for model in models:
        if model.name == arguments.name:
            form = json.dumps({"reply": "model", **plain(model)}, ensure_ascii=False)
            print(form if arguments.output == "json" else "\n".join(model_details(model)))
            return 0
    known = ", ".join(model.name for model in models) or "none"
    raise UnknownObject("this image has no such model", about=arguments.name, remedy=f"It has: {known}.")


def run_use(arguments: Namespace) -> int:
    """Take a model of the image into use; the exit code."""
    from battui.cli.model_place import performed
    from battui.cli.output import print_done
    from battui.cli.wiring import settings_of
    from battui.contracts.models import UseModel

    settings = settings_of(arguments)
    performed(settings, UseModel(arguments.name))
    text = f"{arguments.name} is now the model in use of the image {settings.image}."
    print_done(arguments.output, arguments.name, text)
    return 0


def run_remove(arguments: Namespace) -> int:
    """Take a model out of the image; the exit code."""
    from battui.cli.model_place import performed
    from battui.cli.output import print_done
    from battui.cli.wiring import settings_of
    from battui.contracts.models import ModelList, RemoveModel

    settings = settings_of(arguments)
    left = performed(settings, RemoveModel(arguments.name))
    text = f"{arguments.name} is no longer in the image {settings.image}."
    if isinstance(left, ModelList) and not any(model.in_use for model in left.models):
        next_step = (
            "Choose one with: battui model use NAME" if left.models else "Add one with: battui model add PATH"
        )
        text += f"\nNo model is in use now. {next_step}"
    print_done(arguments.output, arguments.name, text)
    return 0


def _models(settings: Any) -> Any:
    from battui.cli.model_place import performed
    from battui.contracts.models import ListModels, ModelList

    found = performed(settings, ListModels())
    assert isinstance(found, ModelList)
    return found.models


def _where(model: Any) -> str:
    return "in the image, in use" if model.in_use else "in the image"


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
