"""The adapters of an image that no kernel has open, and those that lie about and are not in it yet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from battui.contracts.errors import UnknownObject
from battui.contracts.resources import folder
from battui.contracts.settings import Settings
from battui.engines.peft import CONFIG
from battui.image.adapters import AdapterRecord, list_adapters
from battui.image.image import Image
from battui.kernel.incarnation import add_adapter, name_after

DROPPED = "adapters"


def adapters_of(settings: Settings) -> tuple[AdapterRecord, ...]:
    """The adapters in the image; none where there is no image yet."""
    try:
        with Image.open(settings.image, create=False) as image:
            return list_adapters(image)
    except UnknownObject:
        return ()


def add(settings: Settings, path: Path, name: str) -> str:
    """Copy the adapter in the folder `path` into the image and return a sentence that says so.

    Raises as `add_adapter`, and whatever opening the image raises.
    """
    with Image.open(settings.image) as image:
        record = add_adapter(image, path, name, settings.engine.model)
    return f"{record.name} is now in the image {settings.image}, for {record.base}."


def dropped(settings: Settings, names: frozenset[str]) -> Iterator[Path]:
    """Folders with an adapter that nobody has added: in the data folder, and beside battui's own."""
    for place in (settings.data_dir / DROPPED, folder(DROPPED)):
        for config in sorted(place.glob(f"*/{CONFIG}")):
            if name_after(config.parent.name) not in names:
                yield config.parent
