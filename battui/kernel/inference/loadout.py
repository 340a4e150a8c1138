"""What of a model goes into the engine's process, and which requests may go to it when."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from battui.contracts.errors import BattuiError
from battui.contracts.generation import ModelFiles


class Loadout(Protocol):
    """Asked by Inference, for each life of the engine's process."""

    async def choose(self, engine: str, model: ModelFiles) -> ModelFiles:
        """What of `model` the next process is to load."""
        ...

    def loaded(self) -> str:
        """The process has loaded what was chosen; what there is to say of it, empty for nothing."""
        ...

    def failed(self, error: BattuiError | None) -> bool:
        """The process refused to load what was chosen, or (None) ended over it; whether to choose again at once."""
        ...

    def turn(self, adapter: str) -> AbstractAsyncContextManager[None]:
        """The block in which a request for `adapter` (empty: for none) may be at the engine. Raises Refused."""
        ...


class WholeLoadout:
    """Everything at once: the model with all its adapters, and every request when it comes."""

    async def choose(self, engine: str, model: ModelFiles) -> ModelFiles:
        del engine
        return model

    def loaded(self) -> str:
        return ""

    def failed(self, error: BattuiError | None) -> bool:
        del error
        return False

    @asynccontextmanager
    async def turn(self, adapter: str) -> AsyncIterator[None]:
        del adapter
        yield
