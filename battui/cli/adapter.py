"""`battui adapter`: which experts are in the image for its models, where they are, and how to get more in."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from battui.cli import web_pull
from battui.cli.personal import command as personal


def add_parser(subparsers: Any) -> None:
    """Add the command `adapter` with its verbs."""
    parser = subparsers.add_parser(
        "adapter", help="list LoRA adapters, add, fetch or train one, show or remove it"
    )
    parser.set_defaults(run=run_list)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    listing = verbs.add_parser(
        "list", help="adapters in the image with their tiers, and those that lie about"
    )
    listing.set_defaults(run=run_list)
    add = verbs.add_parser("add", help="check a PEFT folder against the model, and copy it into the image")
    add.add_argument("path", metavar="PATH", type=Path, help="a folder as PEFT's save_pretrained writes it")
    add.add_argument("--name", metavar="NAME", default="", help="what to call it; otherwise after the folder")
    add.set_defaults(run=run_add)
    pull = verbs.add_parser("pull", help="fetch the PEFT folder at a web address into the image")
    pull.add_argument(
        "address", metavar="ADDRESS", help="of the folder that has adapter_config.json and the weights"
    )
    web_pull.add_arguments(pull, of="the weights")
    pull.set_defaults(run=run_pull)
    personal.add_parser(verbs)
    for verb, run, words in (
        ("show", run_show, "what the image knows of an adapter"),
        ("remove", run_remove, "take an adapter out of the image"),
    ):
        parser = verbs.add_parser(verb, help=words)
        parser.add_argument("name", metavar="NAME")
        parser.set_defaults(run=run)


def run_list(arguments: Namespace) -> int:
    """Print the adapters, and what could be added; the exit code."""
    from battui.cli.model_place import performed
    from battui.cli.wiring import settings_of
    from battui.contracts.models import AdapterList, ListAdapters

    settings = settings_of(arguments)
    adapters = performed(settings, ListAdapters())
    assert isinstance(adapters, AdapterList)
    _print(arguments.output, adapters)
    _offer(arguments.output, settings, frozenset(view.name for view in adapters.adapters))
    return 0


def run_add(arguments: Namespace) -> int:
    """Copy an adapter into the image; the folder itself stays as it is. The exit code."""
    from battui.cli.model_place import performed
    from battui.cli.output import print_done
    from battui.cli.wiring import settings_of
    from battui.contracts.models import AdapterList, AddAdapter

    settings = settings_of(arguments)
    added = performed(settings, AddAdapter(str(arguments.path.resolve()), arguments.name))
    assert isinstance(added, AdapterList)
    for adapter in added.adapters:
        text = f"{adapter.name} is now in the image {settings.image}, for {adapter.base}."
        print_done(arguments.output, adapter.name, text)
    return 0


def run_pull(arguments: Namespace) -> int:
    """Fetch an adapter into the image; the exit code."""
    from battui.cli.output import print_done
    from battui.cli.progress import StepProgress
    from battui.cli.wiring import settings_of

    progress = StepProgress()
    try:
        source = web_pull.Source(arguments.address, arguments.name, arguments.sha256)
        name, done = web_pull.pulled_adapter(settings_of(arguments), source, progress)
    finally:
        progress.close()
    print_done(arguments.output, name, done)
    return 0


def run_show(arguments: Namespace) -> int:
    """Print an adapter with its configuration; the exit code."""
    from battui.cli.model_place import performed
    from battui.cli.wiring import settings_of
    from battui.contracts.models import AdapterList, ListAdapters

    shown = performed(settings_of(arguments), ListAdapters(arguments.name))
    assert isinstance(shown, AdapterList)
    _print(arguments.output, shown)
    return 0


def run_remove(arguments: Namespace) -> int:
    """Take an adapter out of the image; the exit code."""
    from battui.cli.model_place import performed
    from battui.cli.output import print_done
    from battui.cli.wiring import settings_of
    from battui.contracts.models import RemoveAdapter

    settings = settings_of(arguments)
    performed(settings, RemoveAdapter(arguments.name))
    text = f"{arguments.name} is no longer in the image {settings.image}."
    if settings.mission.expert == arguments.name:
        text += " mission.expert still names it: until it names another, no expert writes methods."
    print_done(arguments.output, arguments.name, text)
    return 0


def _print(form: str, adapters: Any) -> None:
    import json

    from battui.cli.model_text import adapter_lines
    from battui.cli.reply_json import plain

    if form == "json":
        for view in adapters.adapters:
            print(json.dumps({"reply": "adapter", **plain(view)}, ensure_ascii=False))
        return
    for line in adapter_lines(adapters):
        print(line)


def _offer(form: str, settings: Any, names: frozenset[str]) -> None:
    """Say which folders hold an adapter that the image has not."""
    import json

    from battui.cli.dropped_adapters import dropped

    for folder in dropped(settings, names):
        if form == "json":
            print(json.dumps({"reply": "found", "folder": str(folder)}, ensure_ascii=False))
        else:
            print(f"found in {folder}: battui adapter add {folder}")
