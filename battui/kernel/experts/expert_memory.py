"""The memory of experts: which adapters are hot (in the engine), warm (in RAM) and cold (a blob of the image).

An engine takes its adapters when its process starts: to make one hot is to start the process with another set. That
is done in order: what runs is finished first, and what waits is grouped by adapter.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import trio

from battui.contracts.errors import BattuiError, Refused
from battui.contracts.generation import AdapterFiles, ModelFiles
from battui.contracts.models import Tier
from battui.kernel.experts.expert_turns import ExpertTurns
from battui.kernel.experts.residency import Residency
from battui.kernel.experts.warm_shelf import Move, WarmShelf

MIB = 1 << 20
ATTEMPTS = 3
SUSPICIOUS = 2
"""So many processes that end while they load the same set are the fault of its newcomers."""


class ExpertMemory:
    """Implements Loadout over three tiers.

    The budgets are in bytes. `moved` is told of every promotion and eviction, `refused` of every adapter that cannot
    be used, with the reason. `pins` are never put out for others. `restart` has the engine start with another model
    or set, `ready` waits until it has.
    """

    def __init__(
        self,
        model: ModelFiles | None,
        *,
        engine_budget: int,
        warm_budget: int,
        cache: str,
        moved: Callable[[Move], None],
        refused: Callable[[str, str], None],
        pins: Callable[[], Awaitable[Sequence[str]]],
        restart: Callable[[ModelFiles | None], None],
        ready: Callable[[], Awaitable[object]],
    ) -> None:
        self._hot = Residency(engine_budget)
        self.warm = WarmShelf(warm_budget, cache, self._moved_on_shelf)
        self._tell = moved
        self._tell_refused = refused
        self._restart = restart
        self._ready = ready
        self._turns = ExpertTurns(self.is_hot, self._swap)
        self._engine = ""
        self._model = model
        self._sizes = _sizes(model)
        self._read_pins = pins
        self._pins: Sequence[str] = ()
        self._hints: list[str] = []
        self._wanted: Sequence[str] = ()
        self._chosen: tuple[str, ...] = ()
        self._newcomers: int | None = None  # so many at once; None: as many as there are
        self._crashes = 0
        self._started = 0.0
        self.reasons: dict[str, str] = {}
        self.uses: dict[str, int] = {}
        self._errands, self._waiting_errands = trio.open_memory_channel[Callable[[], Awaitable[None]]](1000)

    @property
    def model(self) -> ModelFiles | None:
        """The model in use with the adapters that can be used."""
        if self._model is None:
            return None
        usable = tuple(each for each in self._model.adapters if each.name not in self.reasons)
        return replace(self._model, adapters=usable)

    @property
    def names(self) -> tuple[str, ...]:
        """The adapters of the model in use."""
        return tuple(self._sizes)

    @property
    def engine_bytes(self) -> int:
        """How much of the engine's budget is used."""
        return self._hot.bytes

    @property
    def engine_budget(self) -> int:
        """How many bytes of adapters may be in the engine."""
        return self._hot.budget

    def is_hot(self, name: str) -> bool:
        """Whether a request for the adapter can go to the engine; one for no adapter always can."""
        return not name or name in self._hot.held

    def tier(self, name: str) -> Tier:
        """Where an adapter of the model in use is: hot, warm, cold, or refused."""
        if name in self.reasons:
            return "refused"
        return "hot" if name in self._hot.held else "warm" if name in self.warm else "cold"

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Swap for those who wait and do what was put off, until cancelled."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._turns.run)
                task_status.started()
                async for errand in self._waiting_errands:
                    await errand()
        finally:
            self.warm.clear()

    def take(self, model: ModelFiles | None) -> None:
        """`model` is what the image has now, with its adapters.

        Another model is started as soon as what runs is finished; new adapters wait until they are asked for.
        """
        before, self._model = self._model, model
        held = {each.name: each.sha256 for each in before.adapters} if before else {}
        adapters = {each.name: each.sha256 for each in model.adapters} if model else {}
        for name in [name for name, sha256 in held.items() if adapters.get(name) != sha256]:
            self._forget(name)
        self._sizes = _sizes(model)
        if _identity(before) != _identity(model):
            self._newcomers = None
            for name in {*held, *adapters}:
                self._forget(name)
            self._turns.close()  # before anybody who knows of the change can ask the old one
            self._errands.send_nowait(self._change_model)

    async def activate(self, name: str) -> Move:
        """Make `name` hot, and say from where it came and how long that took; raises Refused."""
        source, started = self.tier(name), trio.current_time()
        async with self.turn(name):
            return Move(name, source, "hot", self._sizes.get(name, 0), trio.current_time() - started)

    def prefetch(self, name: str) -> None:
        """`name` will be wanted soon: make it warm, and hot when others are made so and there is room."""
        if name in self._sizes and name not in self._hot.held and name not in self._hints:
            self._hints = [*self._hints[-7:], name]
            self._errands.send_nowait(lambda: self._fetch(name))

    @asynccontextmanager
    async def turn(self, adapter: str) -> AsyncIterator[None]:
        """The block in which a request for `adapter` may be at the engine; it is hot then.

        Raises Refused where the adapter is unknown, unusable, or larger than the engine's budget.
        """
        self._require(adapter)
        async with self._turns.turn(adapter):
            self._require(adapter)
            self._hot.touch(adapter)
            if adapter:
                self.uses[adapter] = self.uses.get(adapter, 0) + 1
            yield

    async def choose(self, engine: str, model: ModelFiles) -> ModelFiles:
        """The model with the adapters that are to be hot: each of them judged and warm."""
        self._engine, self._started = engine, trio.current_time()
        self._pins = await self._read_pins()
        if self._model is not None and _identity(self._model) == _identity(model):
            model = self._model  # adapters may have come and gone since
        while True:
            adapters = {each.name: each for each in model.adapters if each.name not in self.reasons}
            chosen = self._next_set(adapters)
            refused = [name for name in chosen if not await self._warmed(engine, adapters[name], model)]
            if not refused:
                break
        if set(chosen) != set(self._chosen):
            self._crashes = 0
        self._chosen = chosen
        return replace(model, adapters=tuple(adapters[name] for name in chosen))

    def loaded(self) -> str:
        """The engine has the chosen adapters; what is to be said of those that it does without."""
        seconds = trio.current_time() - self._started
        newcomers = [name for name in self._chosen if name not in self._hot.held]
        leaving = {name: size for name, size in self._hot.held.items() if name not in self._chosen}
        self._hot.settle(self._chosen, self._sizes)
        self._crashes = 0
        if self._newcomers == 0:
            self._newcomers = 1
        for name, size in leaving.items():
            self._tell(Move(name, "hot", self.tier(name), size))
        for name in newcomers:
            self._tell(Move(name, "warm", "hot", self._sizes[name], seconds))
        return "; ".join(f"without {name}: {reason}" for name, reason in self.reasons.items())

    def failed(self, error: BattuiError | None) -> bool:
        """Find the newcomer that the engine cannot load: go on without any, and then with one at a time."""
        newcomers = [name for name in self._chosen if name not in self._hot.held]
        self._crashes += 1
        if not newcomers or (error is None and self._crashes < SUSPICIOUS):
            return False
        self._crashes = 0
        if self._newcomers is None:
            self._newcomers = 0
        else:
            self._refuse(newcomers[0], error.what if error else "the engine's process ends when it loads it")
        return True

    def _require(self, name: str) -> None:
        if not name or self._model is None:
            return
        if name in self.reasons:
            raise Refused(self.reasons[name], about=name, remedy="See: battui adapter list")
        if name not in self._sizes:
            known = ", ".join(self._sizes) or "none"
            raise Refused("no such adapter is known for this model", about=name, remedy=f"Loaded: {known}.")
        if self._sizes[name] > self._hot.budget:
            what = f"it has {self._sizes[name] / MIB:.0f} MiB, more than the engine may have of all adapters"
            raise Refused(what, about=name, remedy="Give it more: engine.adapters_mb.")

    def _next_set(self, adapters: Collection[str]) -> tuple[str, ...]:
        sizes = {name: size for name, size in self._sizes.items() if name in adapters}
        chosen = self._hot.choose(self._wanted, sizes, pins=self._pins, hints=[*self._hints, *sizes])
        proven = [name for name in chosen if name in self._hot.held]
        return (*proven, *[name for name in chosen if name not in proven][: self._newcomers])

    async def _swap(self, wanted: Sequence[str]) -> Collection[str]:
        """Have the engine take on others; those who can go on now, with what they asked for or to be told why not."""
        try:
            await self._ready()  # the set that is being loaded may do
            self._wanted = wanted
            for _ in range(ATTEMPTS):
                if all(map(self._is_settled, wanted[:1] if self._newcomers else wanted)):
                    break
                self._restart(self._model)
                await self._ready()
        except BattuiError:
            return wanted  # the engine's own words say it best
        finally:
            self._wanted = ()
        self._hints = [name for name in self._hints if name not in self._hot.held]
        if not self._is_settled(wanted[0]):
            self._refuse(wanted[0], "the engine does not take it on")
        return [name for name in wanted if self._is_settled(name)]

    def _is_settled(self, name: str) -> bool:
        """Whether those who wait for it need not wait any longer."""
        return self.is_hot(name) or name not in self._sizes or name in self.reasons

    async def _change_model(self) -> None:
        try:
            async with self._turns.alone():
                self._restart(self._model)
        finally:
            self._turns.open()

    async def _fetch(self, name: str) -> None:
        model = self.model
        for adapter in model.adapters if model else ():
            if adapter.name == name and model is not None and self._engine:
                await self._warmed(self._engine, adapter, model)

    async def _warmed(self, engine: str, adapter: AdapterFiles, model: ModelFiles) -> bool:
        try:
            await self.warm.warm(engine, adapter, model)
        except BattuiError as error:
            self._refuse(adapter.name, error.what)
            return False
        return True

    def _refuse(self, name: str, reason: str) -> None:
        self.reasons[name] = reason
        self._hot.drop(name)
        self.warm.drop(name)
        self._tell_refused(name, reason)

    def _forget(self, name: str) -> None:
        """What was known of an adapter is of another one now, or of none."""
        self.reasons.pop(name, None)
        self.warm.drop(name)
        self._hot.drop(name)

    def _moved_on_shelf(self, move: Move) -> None:
        if not (move.target == "cold" and self.is_hot(move.adapter)):
            self._tell(move)


def _sizes(model: ModelFiles | None) -> dict[str, int]:
    """How many bytes each adapter's weights have: the largest of its files."""
    adapters = model.adapters if model else ()
    return {each.name: max(map(_size, each.files.values()), default=0) for each in adapters}


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0  # a lost file is found out when the adapter is judged


def _identity(model: ModelFiles | None) -> tuple[str, str]:
    return (model.name, model.sha256) if model else ("", "")
