"""The warm tier: adapters judged, in the engine's own form, and their pages in RAM, as far as the budget goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import trio

from battui.contracts.generation import AdapterFiles, ModelFiles
from battui.engines.warmth import Warmth, warm
from battui.kernel.experts.residency import Residency


@dataclass(frozen=True, slots=True)
class Move:
    """An adapter's way from one tier to another: how many bytes went it, and for how long."""

    adapter: str
    source: str
    target: str
    bytes: int = 0
    seconds: float = 0.0


class WarmShelf:
    """Keeps adapters warm; `moved` is told of each that comes and goes."""

    def __init__(self, budget: int, cache: str, moved: Callable[[Move], None]) -> None:
        self._residency = Residency(budget)
        self._cache = cache
        self._moved = moved
        self._held: dict[str, Warmth] = {}
        self._busy = trio.Lock()

    @property
    def bytes(self) -> int:
        """How much of the budget is used."""
        return self._residency.bytes

    @property
    def budget(self) -> int:
        """How many bytes may be warm."""
        return self._residency.budget

    def __contains__(self, name: object) -> bool:
        return name in self._held

    def path(self, name: str) -> Path | None:
        """The file that is kept warm for an adapter, in the engine's own form."""
        return self._held[name].path if name in self._held else None

    async def warm(self, engine: str, adapter: AdapterFiles, model: ModelFiles) -> None:
        """Make sure that `adapter` is ready for `engine`.

        One that is larger than the budget is judged and converted, and then let go. Raises ModelUnavailable where it
        is damaged or does not fit the model, EngineFailed where the cache cannot be written.
        """
        async with self._busy:
            if adapter.name in self._held and self._held[adapter.name].path.exists():
                self._residency.touch(adapter.name)
                return
            started = trio.current_time()
            self.drop(adapter.name)
            warmth = await trio.to_thread.run_sync(warm, engine, adapter, model, self._cache)
            self._held[adapter.name] = warmth
            self._moved(Move(adapter.name, "cold", "warm", warmth.bytes, trio.current_time() - started))
            self._make_room(adapter.name)

    def drop(self, name: str) -> None:
        """Let an adapter go, if it is there."""
        if (warmth := self._held.pop(name, None)) is not None:
            self._residency.drop(name)
            warmth.cool()
            self._moved(Move(name, "warm", "cold", warmth.bytes))

    def clear(self) -> None:
        """Let all of them go."""
        for name in list(self._held):
            self.drop(name)

    def _make_room(self, newcomer: str) -> None:
        sizes = {name: warmth.bytes for name, warmth in self._held.items()}
        chosen = self._residency.choose((newcomer,), sizes)
        for name in sizes.keys() - set(chosen):
            self.drop(name)
        self._residency.settle(chosen, sizes)
