"""Models as proxies in the image: one object a model, one blob a file. Weights are never copied to be read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ZODB.blob import Blob

from battui.contracts.errors import UnknownObject
from battui.contracts.generation import ModelFiles
from battui.image.adapters import adapter_files
from battui.image.image import Image
from battui.image.objects import UvmObject
from battui.image.world import World

CHUNK = 1 << 20
Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What the image knows of a model; `sha256` is that of its (first) file."""

    name: str
    title: str
    family: str
    format: str
    sha256: str
    bytes: int
    licence: str = ""
    context: int = 0


def incarnate_model(
    image: Image,
    record: ModelRecord,
    files: Mapping[str, Path],
    *,
    consume: bool,
    progress: Progress = silent,
    in_use: bool = True,
) -> None:
    """Store `files` (name to path) as blobs of the image in one transaction; with `in_use`, take the model into use.

    With `consume` the files are moved, not copied: they must be battui's own and on the image's file system.
    """
    total = sum(path.stat().st_size for path in files.values())
    with image.unit_of_work(f"incarnate model {record.name}") as world:
        blobs = {name: _blob(path, consume, progress, total) for name, path in files.items()}
        proxy = UvmObject({"parent*": [world.root["traits_obj"]]}, **asdict(record), files=blobs)
        owner = world.root["pLLM_obj"]
        owner.models[record.name] = proxy
        if in_use:
            owner.model_id = record.name


def list_models(image: Image) -> tuple[ModelRecord, ...]:
    """The models in the image, the one in use first."""
    with image.unit_of_work("read") as world:
        owner = world.root["pLLM_obj"]
        records = [_record(proxy) for proxy in owner.models.values()]
        return tuple(sorted(records, key=lambda record: (record.name != owner.model_id, record.name)))


def use_model(image: Image, name: str) -> ModelRecord:
    """Make a model the one in use. Raises UnknownObject."""
    with image.unit_of_work(f"use model {name}") as world:
        record = _record(_held(world, name))
        world.root["pLLM_obj"].model_id = name
        return record


def remove_model(image: Image, name: str) -> bool:
    """Take a model out of the image; whether it was the one in use: then none is now. Raises UnknownObject."""
    with image.unit_of_work(f"remove model {name}") as world:
        _held(world, name)
        owner = world.root["pLLM_obj"]
        del owner.models[name]
        was_used = bool(owner.model_id == name)
        if was_used:
            owner.model_id = ""
        return was_used


def model_files(world: World, name: str = "") -> ModelFiles | None:
    """Where the files of a model and of its adapters lie, by default of the one in use; None where there is none.

    Raises UnknownObject for a name that the image does not know.
    """
    owner = world.root["pLLM_obj"]
    wanted = name or owner.model_id
    if not wanted:
        return None
    proxy = _held(world, wanted)
    files = {file: blob.committed() for file, blob in proxy.files.items()}
    return ModelFiles(proxy.name, proxy.sha256, files, adapter_files(world, proxy.sha256))


def sha256_of(path: Path, progress: Progress = silent) -> str:
    """The hash of a file, read in pieces."""
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            digest.update(piece)
            done += len(piece)
            progress(done, total)
    return digest.hexdigest()


def _held(world: World, name: str) -> UvmObject:
    models = world.root["pLLM_obj"].models
    if name not in models:
        known = ", ".join(models) or "none"
        raise UnknownObject("this image has no such model", about=name, remedy=f"It has: {known}.")
    found: UvmObject = models[name]
    return found


def _blob(path: Path, consume: bool, progress: Progress, total: int) -> Any:
    blob = Blob()
    if consume:
        blob.consumeFile(str(path))
        progress(total, total)
        return blob
    done = 0
    with path.open("rb") as source, blob.open("w") as target:
        while piece := source.read(CHUNK):
            target.write(piece)
            done += len(piece)
            progress(done, total)
    return blob


def _record(proxy: UvmObject) -> ModelRecord:
    return ModelRecord(**{field: getattr(proxy, field) for field in ModelRecord.__dataclass_fields__})
