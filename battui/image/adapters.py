"""Adapters as proxies in the image: one object an adapter in `pLLM_obj.lora_repository`, one blob a file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
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
        blobs, digest, size = _blobs(files)
        record = AdapterRecord(name, base, base_sha256, rank, digest, size)
        held = _repository(world).get(name)
        if held is None:
            _put(world, record, blobs, config)
        elif _record(held) != record:
            raise Refused("another adapter has this name", about=name, remedy="Choose one with --name.")
        return record


def incarnate_shipped_adapter(
    image: Image,
    name: str,
    files: Mapping[str, Path],
    *,
    base: str,
    base_sha256: str,
    rank: int,
    config: Value,
) -> None:
    """As `incarnate_adapter`, for one that comes with battui and is offered to every image.

    It takes the place of an older one that came with battui. A user's own adapter of the name stays, and one that
    the user has removed does not come back.
    """
    if not image.read(lambda world: _wants_shipped(world, name, _digest(files))):
        return
    with image.unit_of_work(f"incarnate adapter {name}, which comes with battui") as world:
        blobs, digest, size = _blobs(files)
        _put(world, AdapterRecord(name, base, base_sha256, rank, digest, size), blobs, config, shipped=True)


def _wants_shipped(world: World, name: str, digest: str) -> bool:
    held = _repository(world).get(name)
    if held is None:
        return name not in _declined(world)
    return bool(held._slots.get("shipped")) and held.sha256 != digest


def _put(
    world: World, record: AdapterRecord, blobs: Mapping[str, Any], config: Value, *, shipped: bool = False
) -> None:
    parent = {"parent*": [world.root["traits_obj"]]}
    slots = {**asdict(record), "config": config, "files": dict(blobs), "shipped": shipped}
    _repository(world)[record.name] = UvmObject(parent, **slots)


def list_adapters(image: Image) -> tuple[AdapterRecord, ...]:
    """The adapters in the image by name."""
    return image.read(lambda world: tuple(_record(proxy) for proxy in _repository(world).values()))


def adapter_config(image: Image, name: str) -> tuple[AdapterRecord, Value]:
    """What the image knows of one adapter, and its configuration as PEFT wrote it. Raises UnknownObject."""

    def look(world: World) -> tuple[AdapterRecord, Value]:
        proxy = _held(world, name)
        return _record(proxy), proxy.config

    return image.read(look)


def copy_adapters(lender: Image, image: Image, base_sha256: str) -> None:
    """Give `image` the adapters that `lender` has for one model; what was removed there does not come back here."""

    def look(world: World) -> tuple[list[tuple[AdapterRecord, Value, bool, dict[str, str]]], list[str]]:
        held = [proxy for proxy in _repository(world).values() if proxy.base_sha256 == base_sha256]
        return [_lent(proxy) for proxy in held], _declined(world)

    lent, declined = lender.read(look)
    with image.unit_of_work("copy adapters") as world:
        world.root["pLLM_obj"].declined_adapters = declined
        for record, config, shipped, places in lent:
            blobs, _, _ = _blobs({name: Path(place) for name, place in places.items()})
            _put(world, record, blobs, config, shipped=shipped)


def _lent(proxy: UvmObject) -> tuple[AdapterRecord, Value, bool, dict[str, str]]:
    places = {name: blob.committed() for name, blob in proxy.files.items()}
    return _record(proxy), proxy.config, bool(proxy._slots.get("shipped")), places


def remove_adapter(image: Image, name: str) -> None:
    """Take an adapter out of the image, as a transaction that can be undone. Raises UnknownObject."""
    with image.unit_of_work(f"remove adapter {name}") as world:
        if _held(world, name)._slots.get("shipped"):
            world.root["pLLM_obj"].declined_adapters = [*_declined(world), name]
        del _repository(world)[name]


def pinned_adapters(world: World) -> tuple[str, ...]:
    """The adapters that the image wants to have in the engine always: `memory_manager_obj.pinned`."""
    pinned = world.root["memory_manager_obj"]._slots.get("pinned")
    return tuple(str(name) for name in pinned) if isinstance(pinned, list | tuple) else ()


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


def _declined(world: World) -> list[str]:
    return list(world.root["pLLM_obj"]._slots.get("declined_adapters") or ())


def _blobs(files: Mapping[str, Path]) -> tuple[dict[str, Any], str, int]:
    """The files as blobs, with the hash and the length of all of them; each is read once and in pieces."""
    blobs, digest, size = {}, hashlib.sha256(), 0
    for name, path in sorted(files.items()):
        blob = blobs[name] = Blob()
        with blob.open("w") as target:
            hashed, length = _hashed(path, target.write)
        digest.update(hashed)
        size += length
    return blobs, digest.hexdigest(), size


def _digest(files: Mapping[str, Path]) -> str:
    """The hash that `_blobs` comes to."""
    digest = hashlib.sha256()
    for _, path in sorted(files.items()):
        digest.update(_hashed(path, lambda _: None)[0])
    return digest.hexdigest()


def _hashed(path: Path, take: Callable[[bytes], object]) -> tuple[bytes, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source:
        while piece := source.read(CHUNK):
            take(piece)
            digest.update(piece)
            size += len(piece)
    return digest.digest(), size


def _record(proxy: UvmObject) -> AdapterRecord:
    return AdapterRecord(**{field: getattr(proxy, field) for field in AdapterRecord.__dataclass_fields__})
