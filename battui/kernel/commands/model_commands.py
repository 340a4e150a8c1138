"""Models and adapters in a running kernel: listed, added, removed, and taken into use without a restart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import trio

from battui.contracts.errors import UnknownObject
from battui.contracts.generation import ModelFiles
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
    RemoveAdapter,
    RemoveModel,
    UseModel,
)
from battui.contracts.values import Value
from battui.image.adapters import (
    AdapterRecord,
    adapter_config,
    list_adapters,
    pinned_adapters,
    remove_adapter,
)
from battui.image.image import Image
from battui.image.models import list_models, model_files, remove_model, use_model
from battui.image.world import World
from battui.kernel.commands.model_steps import steps_of
from battui.kernel.experts.expert_memory import ExpertMemory
from battui.kernel.experts.incarnation import add_adapter, add_model, model_name_after

T = TypeVar("T")
OTHER_MODEL = "for another model"


class ModelCommands:
    """Performs them, and announces how far long ones are.

    `model` is the name that the settings insist on, empty for the one that the image has in use.
    """

    def __init__(
        self, image: Image, memory: ExpertMemory, model: str, pinned: str, announce: Callable[..., Any]
    ) -> None:
        self._image = image
        self._memory = memory
        self._model = model
        self._pinned = pinned
        self._announce = announce

    async def perform(self, command: ModelCommand) -> ModelList | AdapterList:
        """Perform one command; raises BattuiError."""
        match command:
            case ListAdapters(name=name):
                return await self._adapters(name)
            case AddAdapter(folder=folder, name=name):
                record = await self._do(add_adapter, Path(folder), name, self._model)
                await self.refresh()
                self._memory.prefetch(record.name)
                return await self._adapters(record.name)
            case RemoveAdapter(name=name):
                await self._do(remove_adapter, name)
                await self.refresh()
                return await self._adapters("")
            case AddModel(path=path, name=name):
                await self._add_model(Path(path), name)
            case UseModel(name=name):
                self._model = (await self._do(use_model, name)).name
            case RemoveModel(name=name):
                await self._remove_model(name)
            case ListModels():
                return await self._models()
        await self.refresh()
        return await self._models()

    async def view(self, command: ModelCommand) -> ModelList | AdapterList:
        """What is there to be seen after a command that was performed before."""
        about_adapters = isinstance(command, ListAdapters | AddAdapter | RemoveAdapter)
        return await (self._adapters("") if about_adapters else self._models())

    async def refresh(self) -> None:
        """Look what the image has now, and have the engine go on with that."""
        self._memory.take(await self._do(_files_in_use, self._model))

    async def pins(self) -> tuple[str, ...]:
        """The adapters that stay in the engine: the writer of methods, and those that the image names."""
        named: tuple[str, ...] = await self._do(Image.read, pinned_adapters)
        return (*((self._pinned,) if self._pinned else ()), *named)

    async def _add_model(self, path: Path, name: str) -> None:
        steps = steps_of(name or model_name_after(path), self._announce)
        record = await self._do(add_model, path, name, steps)
        if record.name == await self._do(_name_in_use):
            self._model = record.name

    async def _remove_model(self, name: str) -> None:
        await self._do(remove_model, name)
        if self._model == name:
            self._model = ""

    async def _models(self) -> ModelList:
        records, adapters = await self._do(list_models), await self._do(list_adapters)
        used = self._memory.model.name if self._memory.model else ""
        made_for: dict[str, list[str]] = {}
        for adapter in adapters:
            made_for.setdefault(adapter.base_sha256, []).append(adapter.name)
        return ModelList(
            tuple(
                ModelView(
                    **asdict(record),
                    in_use=record.name == used,
                    adapters=tuple(made_for.get(record.sha256, ())),
                )
                for record in sorted(records, key=lambda record: (record.name != used, record.name))
            )
        )

    async def _adapters(self, name: str) -> AdapterList:
        pins = await self.pins()
        if name:
            record, config = await self._do(adapter_config, name)
            views = [self._view(record, pins, config if isinstance(config, dict) else {})]
        else:
            views = [self._view(record, pins, {}) for record in await self._do(list_adapters)]
        memory = self._memory
        return AdapterList(
            tuple(views), memory.engine_bytes, memory.engine_budget, memory.warm.bytes, memory.warm.budget
        )

    def _view(self, record: AdapterRecord, pins: tuple[str, ...], config: Mapping[str, Value]) -> AdapterView:
        memory = self._memory
        fits = memory.model is not None and record.base_sha256 == memory.model.sha256
        return AdapterView(
            **asdict(record),
            tier=memory.tier(record.name) if fits else "cold",
            pinned=fits and record.name in pins,
            uses=memory.uses.get(record.name, 0),
            note=memory.reasons.get(record.name, "") if fits else OTHER_MODEL,
            config=config,
        )

    async def _do(self, work: Callable[..., T], *arguments: object) -> T:
        return await trio.to_thread.run_sync(work, self._image, *arguments)


def _name_in_use(image: Image) -> str:
    used = image.read(model_files)
    return used.name if used is not None else ""


def _files_in_use(image: Image, name: str) -> ModelFiles | None:
    def look(world: World) -> ModelFiles | None:
        return model_files(world, name)

    try:
        return image.read(look)
    except UnknownObject:
        return None  # it was removed, or its coming was undone
