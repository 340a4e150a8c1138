"""Models and adapters brought into an image: checked first, then copied blob by blob."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from battui.contracts.errors import ModelUnavailable, NotASelector, UsageError
from battui.contracts.generation import AdapterFiles
from battui.contracts.models import OnStep
from battui.contracts.values import storable
from battui.engines.gguf import Header, read_header
from battui.engines.gguf_lora import planned
from battui.engines.known_models import known_models
from battui.engines.peft import CONFIG, files_of, read_adapter
from battui.image.adapters import AdapterRecord, incarnate_adapter
from battui.image.image import Image
from battui.image.models import ModelRecord, model_files, sha256_of
from battui.image.storage import unwritable
from battui.kernel.experts.model_folder import add_folder
from battui.kernel.experts.model_storing import store_model

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def add_adapter(image: Image, folder: Path, name: str = "", model: str = "") -> AdapterRecord:
    """Copy the adapter in `folder` into the image, for `model` (empty: the one in use). Blocks.

    Raises UsageError where there is none, ModelUnavailable where it is damaged or does not fit the model, Refused
    where the name is taken, NotASelector where it is none, ImageUnwritable.
    """
    files = files_of(folder)
    name = checked_name(name or name_after(folder.resolve().name), "an adapter")
    peft = read_adapter(AdapterFiles(name, "", {file: str(path) for file, path in files.items()}))
    base = image.read(lambda world: model_files(world, model))
    if base is None:
        remedy = "Fetch it first: battui model pull."
        raise ModelUnavailable("an adapter needs its model in the image", about=name, remedy=remedy)
    if (header := _gguf(base.files)) is not None:
        planned(peft, read_header(header), name)
    config = storable(json.loads(files[CONFIG].read_text("utf-8")), about=str(files[CONFIG]))
    made_for = {"base": base.name, "base_sha256": base.sha256}
    try:
        return incarnate_adapter(image, name, files, rank=peft.rank, config=config, **made_for)
    except OSError as error:
        raise unwritable(error, image.location) from error


def untold(_step: str, _done: int, _total: int) -> None:
    """For what nobody waits for."""


def add_model(image: Image, path: Path, name: str = "", tell: OnStep = untold) -> ModelRecord:
    """Copy a GGUF file, or a folder of safetensors, into the image; it is left as it is. Blocks.

    One that writes text is taken into use. Returns what the image has, also where it had it before. Raises UsageError
    where there is no file, ModelUnavailable where it is no model, Refused where another one has the name,
    NotASelector, ImageUnwritable.
    """
    name = checked_name(name or model_name_after(path), "a model")
    if path.is_dir():
        return add_folder(image, path, name, tell)
    header = model_header(path)
    record = _record(path, name, header, sha256_of(path, lambda done, total: tell("check", done, total)))
    return store_model(image, record, {path.name: path}, tell, in_use=not header.pools)


def model_name_after(path: Path) -> str:
    """What to call a model after its file or folder."""
    return name_after(path.resolve().name if path.is_dir() else path.stem)


def model_header(path: Path) -> Header:
    """What a GGUF file says of itself. Raises UsageError where there is none, ModelUnavailable where it is none."""
    if not path.is_file():
        raise UsageError("there is no such file", about=str(path))
    try:
        return read_header(path)
    except ModelUnavailable as error:
        remedy = "battui takes whole GGUF files, version 2 or 3; nothing was added."
        raise ModelUnavailable(error.what, about=str(path), remedy=remedy) from error


def _record(path: Path, name: str, header: Header, digest: str) -> ModelRecord:
    """What the file says of itself, and what is known of a file with its hash."""
    known = next((model for model in known_models().values() if model.sha256 == digest), None)
    return ModelRecord(
        name=name,
        title=known.title if known else header.name or path.stem,
        family=known.family if known else header.architecture or "unknown",
        format="gguf",
        sha256=digest,
        bytes=path.stat().st_size,
        licence=known.licence if known else "",
        context=known.context if known else header.context,
    )


def name_after(file: str) -> str:
    """What to call something after its file."""
    return re.sub(r"[^a-z0-9.]+", "-", file.lower()).strip("-.")


def checked_name(name: str, what: str) -> str:
    """`name`, or NotASelector where it cannot be the name of `what`."""
    if NAME.fullmatch(name) is None:
        raise NotASelector(
            f"this is no name for {what}",
            about=repr(name),
            remedy="Choose one with --name: letters, digits, dots and dashes, at most 80.",
        )
    return name


def _gguf(files: Mapping[str, str]) -> Path | None:
    """The file that an adapter can be checked against before it is copied; other engines check it when they load."""
    return next((Path(path) for file, path in sorted(files.items()) if file.endswith(".gguf")), None)
