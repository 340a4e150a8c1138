"""`battui adapter`: which experts are in the image for its models, and how to get more in."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command `adapter` with its verbs."""
    parser = subparsers.add_parser(
        "adapter", help="list LoRA adapters, add one in PEFT form, show or remove it"
    )
    parser.set_defaults(run=run_list)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    verbs.add_parser("list", help="adapters in the image").set_defaults(run=run_list)
    add = verbs.add_parser("add", help="check a PEFT folder against the model, and copy it into the image")
    add.add_argument("path", metavar="PATH", type=Path, help="a folder as PEFT's save_pretrained writes it")
    add.add_argument("--name", metavar="NAME", default="", help="what to call it; otherwise after the folder")
    add.set_defaults(run=run_add)
    for verb, run, words in (
        ("show", run_show, "what the image knows of an adapter"),
        ("remove", run_remove, "take an adapter out of the image"),
    ):
        parser = verbs.add_parser(verb, help=words)
        parser.add_argument("name", metavar="NAME")
        parser.set_defaults(run=run)


def run_list(arguments: Namespace) -> int:
    """Print the adapters; the exit code."""
    from battui.cli.adapter_store import adapters_of
    from battui.cli.wiring import settings_of

    for record in adapters_of(settings_of(arguments)):
        _print(arguments.output, record)
    return 0


def run_add(arguments: Namespace) -> int:
    """Copy an adapter into the image; the folder itself stays as it is. The exit code."""
    from battui.cli.adapter_store import add
    from battui.cli.wiring import settings_of

    print(add(settings_of(arguments), arguments.path, arguments.name))
    return 0


def run_show(arguments: Namespace) -> int:
    """Print an adapter with its configuration; the exit code."""
    from battui.cli.wiring import settings_of
    from battui.image.adapters import adapter_config
    from battui.image.image import Image

    with Image.open(settings_of(arguments).image, create=False) as image:
        record, config = adapter_config(image, arguments.name)
    _print(arguments.output, record, config)
    return 0


def run_remove(arguments: Namespace) -> int:
    """Take an adapter out of the image; the exit code."""
    from battui.cli.wiring import settings_of
    from battui.image.adapters import remove_adapter
    from battui.image.image import Image

    settings = settings_of(arguments)
    with Image.open(settings.image, create=False) as image:
        remove_adapter(image, arguments.name)
    print(f"{arguments.name} is no longer in the image {settings.image}.")
    return 0


def _print(form: str, record: Any, config: Any = None) -> None:
    import json
    from dataclasses import asdict

    if form == "json":
        more = {} if config is None else {"config": config}
        print(json.dumps({"reply": "adapter", **asdict(record), **more}, ensure_ascii=False))
        return
    print(f"{record.name}  for {record.base}  rank {record.rank}  {record.bytes / (1 << 20):.1f} MiB")
    for key, value in sorted((config or {}).items()):
        print(f"  {key} = {json.dumps(value, ensure_ascii=False)}")
