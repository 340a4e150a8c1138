"""A model's files become blobs of the image, once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from battui.contracts.errors import Refused
from battui.contracts.models import OnStep
from battui.image.image import Image
from battui.image.models import ModelRecord, incarnate_model, list_models
from battui.image.storage import unwritable


def store_model(
    image: Image,
    record: ModelRecord,
    files: Mapping[str, Path],
    tell: OnStep,
    *,
    consume: bool = False,
    in_use: bool = True,
) -> ModelRecord:
    """Store the files, and with `in_use` take the model into use; the record that the image has now. Blocks.

    A model that is there already stays as it is. `consume` moves the files. Raises Refused where another model has
    the name, ImageUnwritable.
    """
    for held in list_models(image):
        if held.name == record.name and held.sha256 == record.sha256:
            return held
        if held.name == record.name:
            raise Refused("another model has this name", about=record.name, remedy="Choose one with --name.")

    def advance(done: int, total: int) -> None:
        tell("store", done, total)

    try:
        incarnate_model(image, record, files, consume=consume, progress=advance, in_use=in_use)
    except OSError as error:
        raise unwritable(error, image.location) from error
    return record
