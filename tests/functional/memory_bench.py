"""An engine's process with the memory of experts in front of it, and everything that the memory tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from battui.contracts.generation import AdapterFiles, AdapterUse, EngineOptions, GenerationRequest, ModelFiles
from battui.engines.gguf import Header
from battui.kernel.experts.expert_memory import ExpertMemory
from battui.kernel.experts.warm_shelf import Move
from battui.kernel.inference.inference import Inference, RestartRule
from tests.functional.engine_bench import QUICK, Watch
from tests.peft_adapters import make_adapter

SMALL = Header("llama", "small", 512, 1, {"blk.0.attn_q.weight": (16, 16)}, heads=2, kv_heads=2)
Q_ONLY = ("self_attn.q_proj",)
SCRIPT = """
[[rules]]
adapter = "poet"
answers = ["roses are red"]

[[rules]]
adapter = "clerk"
answers = ["in three copies"]

[[rules]]
match = "slow"
answers = ["one two three four five six seven eight"]
delay = 0.05

[[rules]]
answers = ["as you say"]
"""
WORDS = {"poet": "roses are red", "clerk": "in three copies", "": "as you say"}


def scripted(folder: Path, *names: str) -> ModelFiles:
    """The script as a model with small adapters of these names."""
    folder.mkdir(exist_ok=True)
    path = folder / "script.toml"
    path.write_text(SCRIPT)
    adapters = tuple(
        make_adapter(folder / name, SMALL, seed=seed, targets=Q_ONLY) for seed, name in enumerate(names)
    )
    return ModelFiles("script", "", {path.name: str(path)}, adapters)


def weight(adapter: AdapterFiles) -> int:
    """How many bytes the memory counts for an adapter."""
    return max(Path(path).stat().st_size for path in adapter.files.values())


class MemoryBench:
    """`moves` and `refusals` are what was told; `pins` may be changed before the engine is started again."""

    def __init__(
        self, engine: str, model: ModelFiles | None, folder: Path, room: int, options: EngineOptions
    ) -> None:
        self.moves: list[Move] = []
        self.refusals: dict[str, str] = {}
        self.pins: tuple[str, ...] = ()
        self.watch = Watch()
        self._news = trio.Event()
        self._engine = engine
        self.memory = ExpertMemory(
            model,
            engine_budget=room,
            warm_budget=64 << 20,
            cache=str(folder / "cache"),
            moved=self._moved,
            refused=self.refusals.__setitem__,
            pins=self._pinned,
            restart=self._restart,
            ready=self._ready,
        )
        self.inference = Inference(
            engine,
            model,
            options,
            log_path=folder / "engine.log",
            announce=self.watch,
            patience=QUICK,
            restarts=RestartRule(failures=4, backoff_s=0.01),
            loadout=self.memory,
        )

    def _moved(self, move: Move) -> None:
        self.moves.append(move)
        self._news.set()
        self._news = trio.Event()

    async def until(self, way: str) -> None:
        """Wait until something has moved so."""
        while way not in self.ways():
            await self.next_move()

    async def next_move(self) -> None:
        """Wait until something moves."""
        await self._news.wait()

    async def _pinned(self) -> tuple[str, ...]:
        return self.pins

    def _restart(self, model: ModelFiles | None) -> None:
        self.inference.use(self._engine, model)

    async def _ready(self) -> None:
        await self.inference.describe()

    async def hot(self) -> set[str]:
        """The adapters that the engine's own process declares."""
        return set((await self.inference.describe()).adapters)

    async def ask(self, adapter: str = "", prompt: str = "hello", max_tokens: int = 256) -> str:
        use = AdapterUse(adapter) if adapter else None
        request = GenerationRequest(f"for {adapter}", prompt=prompt, max_tokens=max_tokens, adapter=use)
        return (await self.inference.generate(request)).candidates[0].text

    def ways(self) -> list[str]:
        """What moved, in words."""
        return [f"{move.adapter}: {move.source} to {move.target}" for move in self.moves]


@asynccontextmanager
async def remembering(
    model: ModelFiles | None,
    folder: Path,
    *,
    engine: str = "scripted",
    room: int = 1 << 20,
    pins: tuple[str, ...] = (),
    options: EngineOptions | None = None,
    limit_s: float = 90,
) -> AsyncIterator[MemoryBench]:
    """The bench at work, with `room` bytes for adapters in the engine; on leaving, its process is gone."""
    options = options or EngineOptions(context=512, parallel=2, cache=str(folder / "cache"))
    bench = MemoryBench(engine, model, folder, room, options)
    bench.pins = pins
    with trio.fail_after(limit_s):
        async with trio.open_nursery() as nursery:
            await nursery.start(bench.inference.run)
            await nursery.start(bench.memory.run)
            yield bench
            nursery.cancel_scope.cancel()
