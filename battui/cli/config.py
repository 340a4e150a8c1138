"""`battui config`: what is configured, where the file is, what the defaults are."""

from __future__ import annotations

from argparse import Namespace
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command `config`."""
    parser = subparsers.add_parser(
        "config", help="show the settings in force, the file's place, the defaults"
    )
    parser.add_argument("what", nargs="?", choices=("show", "path", "default"), default="show")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Print what was asked for; the exit code."""
    from battui.cli.wiring import config_place, settings_of
    from battui.contracts.settings import render_defaults

    if arguments.what == "default":
        print(render_defaults(), end="")
    elif arguments.what == "path":
        print(config_place(arguments))
    else:
        _print_settings(settings_of(arguments), arguments.output)
    return 0


def _print_settings(settings: Any, form: str) -> None:
    import json

    from battui.cli.reply_json import plain

    table = plain(settings)
    if form == "json":
        print(json.dumps({"reply": "settings", **table}, ensure_ascii=False))
        return
    for key, value in table.items():
        if not isinstance(value, dict):
            # The folders follow the XDG rules; the file cannot set them.
            mark = "" if key == "image" else "# "
            print(f"{mark}{key} = {json.dumps(value, ensure_ascii=False)}")
    for section, keys in table.items():
        if isinstance(keys, dict):
            print(f"\n[{section}]")
            for key, value in keys.items():
                print(f"{key} = {_toml(value)}")


def _toml(value: Any) -> str:
    import json

    if isinstance(value, dict):
        pairs = ", ".join(f"{json.dumps(key)} = {json.dumps(keys)}" for key, keys in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return json.dumps(value, ensure_ascii=False)
