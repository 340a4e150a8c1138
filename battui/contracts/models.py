"""Models and adapters of the image: what a front end may ask of the kernel, and what it is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from battui.contracts.values import Value

Tier: TypeAlias = Literal["cold", "warm", "hot", "refused"]
"""In the image alone, ready in RAM, in the engine; or unusable for the model in use."""

OnStep: TypeAlias = Callable[[str, int, int], None]
"""Told how far a file is on its way into the image: the step (download, check, unpack, store), bytes done, in all."""


@dataclass(frozen=True, slots=True)
class ListModels:
    """Answer a ModelList, the one in use first."""


@dataclass(frozen=True, slots=True)
class AddModel:
    """Copy the model file at `path` (on the kernel's machine) into the image, and take it into use if it writes text.

    Without `name` it is called after the file. Events of the kind "model" tell how far it is. Answers a ModelList.
    """

    path: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class UseModel:
    """Go on with another model of the image: what runs is finished first. Answers a ModelList."""

    name: str


@dataclass(frozen=True, slots=True)
class RemoveModel:
    """Take a model out of the image, as a transaction that can be undone. Answers a ModelList."""

    name: str


@dataclass(frozen=True, slots=True)
class ListAdapters:
    """Answer an AdapterList: all adapters, or the one called `name`."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class AddAdapter:
    """Copy the adapter in `folder` (on the kernel's machine) into the image, for the model in use.

    Without `name` it is called after the folder. Answers an AdapterList with this one.
    """

    folder: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class RemoveAdapter:
    """Take an adapter out of the image, as a transaction that can be undone. Answers an AdapterList of the others."""

    name: str


ModelCommand: TypeAlias = (
    ListModels | AddModel | UseModel | RemoveModel | ListAdapters | AddAdapter | RemoveAdapter
)


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model of the image, with the adapters that were made for it."""

    name: str
    title: str
    family: str
    format: str
    sha256: str
    bytes: int
    licence: str = ""
    context: int = 0
    in_use: bool = False
    adapters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelList:
    models: tuple[ModelView, ...] = ()


@dataclass(frozen=True, slots=True)
class AdapterView:
    """An adapter and where it is. `note` says why it is refused or for another model; `uses` counts its requests."""

    name: str
    base: str
    base_sha256: str
    rank: int
    sha256: str
    bytes: int
    tier: Tier = "cold"
    pinned: bool = False
    uses: int = 0
    note: str = ""
    config: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AdapterList:
    """Adapters, and how much of its budget each tier has used, in bytes; a budget of 0 is unknown."""

    adapters: tuple[AdapterView, ...] = ()
    engine_bytes: int = 0
    engine_budget: int = 0
    warm_bytes: int = 0
    warm_budget: int = 0
