"""Adapters as proxies in the image: one object an adapter in `pLLM_obj.lora_repository`, one blob a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ZODB.blob import Blob

from battui.contracts.errors import Refused, UnknownObject
from battui.contracts.generation import AdapterFiles
from battui.contracts.values import Value
from battui.image.image import Image
from battui.image.objects import UvmObject
from battui.image.world import World

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class AdapterRecord:
    """What the image knows of an adapter; `base_sha256` is that of the model it was made for.

    `sha256` and `bytes` are those of its files together, taken in the order of their names.
    """

    name: str
    base: str
    base_sha256: str
    rank: int
    sha256: str
    bytes: int


def incarnate_adapter(
    image: Image,
    name: str,
    files: Mapping[str, Path],
    *,
    base: str,
    base_sha256: str,
    rank: int,
    config: Value,
) -> AdapterRecord:
    """Copy `files` (name to path) into blobs of the image, hashed on the way, in one transaction.

    The same adapter under the same name is left as it is; raises Refused where another one has the name.
    """
    with image.unit_of_work(f"incarnate adapter {name}") as world:
        digest, size = hashlib.sha256(), 0
        blobs = {}
        for file, path in sorted(files.items()):
            blobs[file], hashed, length = _blob(path)
            digest.update(hashed)
            size += length
        record = AdapterRecord(name, base, base_sha256, rank, digest.hexdigest(), size)
        owner = world.root["pLLM_obj"]
        held = owner.lora_repository.get(name)
        if held is None:
            parent = {"parent*": [world.root["traits_obj"]]}
            proxy = UvmObject(parent, **asdict(record), config=config, files=blobs)
            owner.lora_repository[name] = proxy
        elif _record(held) != record:
            raise Refused("another adapter has this name", about=name, remedy="Choose one with --name.")
        return record


def list_adapters(image: Image) -> tuple[AdapterRecord, ...]:
    """The adapters in the image by name."""
    return image.read(lambda world: tuple(_record(proxy) for proxy in _repository(world).values()))


def adapter_config(image: Image, name: str) -> tuple[AdapterRecord, Value]:
    """What the image knows of one adapter, and its configuration as PEFT wrote it. Raises UnknownObject."""

    def look(world: World) -> tuple[AdapterRecord, Value]:
        proxy = _held(world, name)
        return _record(proxy), proxy.config

    return image.read(look)


def remove_adapter(image: Image, name: str) -> None:
    """Take an adapter out of the image, in one transaction that can be undone. Raises UnknownObject."""
    with image.unit_of_work(f"remove adapter {name}") as world:
        _held(world, name)
        del _repository(world)[name]


def adapter_files(world: World, base_sha256: str) -> tuple[AdapterFiles, ...]:
    """Where the files of the adapters lie that were made for the model with this hash."""
    return tuple(
        AdapterFiles(proxy.name, proxy.sha256, {file: blob.committed() for file, blob in proxy.files.items()})
        for proxy in _repository(world).values()
        if proxy.base_sha256 == base_sha256
    )


def _repository(world: World) -> Any:
    return world.root["pLLM_obj"].lora_repository


def _held(world: World, name: str) -> UvmObject:
    repository = _repository(world)
    if name not in repository:
        known = ", ".join(repository) or "none"
        raise UnknownObject("this image has no such adapter", about=name, remedy=f"It has: {known}.")
    found: UvmObject = repository[name]
    return found


def _blob(path: Path) -> tuple[Any, bytes, int]:
    """The file as a blob, with its hash and its length, read once and in pieces."""
    blob, digest, size = Blob(), hashlib.sha256(), 0
    with path.open("rb") as source, blob.open("w") as target:
        while piece := source.read(CHUNK):
            target.write(piece)
            digest.update(piece)
            size += len(piece)
    return blob, digest.digest(), size


def _record(proxy: UvmObject) -> AdapterRecord:
    return AdapterRecord(**{field: getattr(proxy, field) for field in AdapterRecord.__dataclass_fields__})
