"""Bring adapters into an image: checked against the model they are for, then copied blob by blob."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from battui.contracts.errors import ModelUnavailable, NotASelector, UnknownObject
from battui.contracts.generation import AdapterFiles
from battui.contracts.settings import Settings
from battui.contracts.values import storable
from battui.engines.gguf import read_header
from battui.engines.gguf_lora import planned
from battui.engines.peft import CONFIG, files_of, read_adapter
from battui.image.adapters import AdapterRecord, incarnate_adapter, list_adapters
from battui.image.image import Image
from battui.image.models import model_files
from battui.image.storage import unwritable

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def adapters_of(settings: Settings) -> tuple[AdapterRecord, ...]:
    """The adapters in the image; none where there is no image yet."""
    try:
        with Image.open(settings.image, create=False) as image:
            return list_adapters(image)
    except UnknownObject:
        return ()


def add(settings: Settings, folder: Path, name: str) -> str:
    """Copy the adapter in `folder` into the image and return a sentence that says so.

    Raises UsageError where there is none, ModelUnavailable where it is damaged or does not fit the model in use,
    Refused where the name is taken, and whatever opening the image raises.
    """
    files = files_of(folder)
    name = _checked(name or re.sub(r"[^a-z0-9.]+", "-", folder.resolve().name.lower()).strip("-."))
    adapter = AdapterFiles(name, "", {file: str(path) for file, path in files.items()})
    peft = read_adapter(adapter)
    with Image.open(settings.image) as image:
        base = image.read(lambda world: model_files(world, settings.engine.model))
        if base is None:
            remedy = "Fetch it first: battui model pull."
            raise ModelUnavailable("an adapter needs its model in the image", about=name, remedy=remedy)
        planned(peft, read_header(_gguf(base.files, base.name)), name)
        config = storable(json.loads(files[CONFIG].read_text("utf-8")), about=str(files[CONFIG]))
        made_for = {"base": base.name, "base_sha256": base.sha256}
        try:
            incarnate_adapter(image, name, files, rank=peft.rank, config=config, **made_for)
        except OSError as error:
            raise unwritable(error, image.location) from error
    return f"{name} is now in the image {settings.image}, for {base.name}."


def _gguf(files: Mapping[str, str], about: str) -> Path:
    for file, path in sorted(files.items()):
        if file.endswith(".gguf"):
            return Path(path)
    raise ModelUnavailable("adapters can be checked against GGUF models only", about=about)


def _checked(name: str) -> str:
    if NAME.fullmatch(name) is None:
        raise NotASelector(
            "this is no name for an adapter",
            about=repr(name),
            remedy="Choose one with --name: letters, digits, dots and dashes, at most 80.",
        )
    return name
