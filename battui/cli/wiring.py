"""From arguments to settings, and from a text to a path."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path as FilePath

from battui.contracts.commands import Path, Read
from battui.contracts.errors import UnknownObject, UsageError
from battui.contracts.message_line import parse_line
from battui.contracts.settings import CONFIG_VARIABLE, Settings, config_path, load_settings


def settings_of(arguments: Namespace) -> Settings:
    """The settings in force for this command; raises UsageError."""
    flags = {"image": arguments.image, "engine.name": arguments.engine, "engine.model": arguments.model}
    flags["bridge.tcp"] = getattr(arguments, "tcp", None) or None
    return load_settings(flags, os.environ, chosen_config(arguments))


def chosen_config(arguments: Namespace) -> FilePath | None:
    """The configuration file that was asked for, None for the usual one."""
    named = os.environ.get(CONFIG_VARIABLE)
    return arguments.config or (FilePath(named) if named else None)


def config_place(arguments: Namespace) -> FilePath:
    """Where the configuration file is, or would be."""
    return config_path(os.environ, chosen_config(arguments))


def require_image(arguments: Namespace) -> None:
    """Raise UnknownObject where there is no image yet; one on a server is there."""
    from battui.image.storage import DATA_FILE

    image = settings_of(arguments).image
    if "://" not in image and not (FilePath(image) / DATA_FILE).exists():
        raise UnknownObject("there is no image here", about=image, remedy="Start battui once to make one.")


def path_of(text: str) -> Path:
    """The path that `text` spells, such as account.owner or @1f; raises UsageError."""
    command = parse_line(text)
    if not isinstance(command, Read):
        raise UsageError("this is no path", about=text, remedy="Write names with dots between, or @oid.")
    return command.path
