"""A temporary image that holds the model of another one, linked, and copies of its adapters."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from battui.contracts.errors import ModelUnavailable, UnknownObject
from battui.contracts.generation import ModelFiles
from battui.contracts.settings import Settings
from battui.image.adapters import copy_adapters
from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model, list_models, model_files

_REMEDY = "Run: battui model pull smollm2-135m"


@contextmanager
def borrowed_model(settings: Settings) -> Iterator[tuple[Settings, ModelRecord]]:
    """Settings with a temporary image in the place of theirs, and the model that it holds.

    Raises ModelUnavailable where their image holds none, and whatever opening it raises.
    """
    settings.cache_dir.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=settings.cache_dir) as folder:
        record = _borrow(settings, Path(folder))
        engine = replace(settings.engine, model=record.name)
        yield replace(settings, image=str(Path(folder) / "image"), engine=engine), record


def _borrow(settings: Settings, folder: Path) -> ModelRecord:
    try:
        lender = Image.look(settings.image)
    except UnknownObject:
        raise ModelUnavailable("there is no image", about=settings.image, remedy=_REMEDY) from None
    with lender:
        files = lender.read(lambda world: model_files(world, settings.engine.model))
        if files is None:
            raise ModelUnavailable("no model is in this image", about=settings.image, remedy=_REMEDY)
        record = next(held for held in list_models(lender) if held.name == files.name)
        with Image.open(str(folder / "image")) as image:
            incarnate_model(image, record, linked(files, folder), consume=True)
            copy_adapters(lender, image, files.sha256)
    return record


def linked(files: ModelFiles, folder: Path) -> dict[str, Path]:
    """The model's files under their names in `folder`: links, or copies where there can be none."""
    places = {name: folder / name for name in files.files}
    for name, path in places.items():
        try:
            os.link(files.files[name], path)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
                raise
            shutil.copyfile(files.files[name], path)
    return places
