"""What it costs to bring an adapter into use: hot, warm and cold, against reading its file, in one run.

`python -m benchmarks.experts [MODEL.gguf]` makes two random adapters for the model, keeps room for one of them in the
engine, and asks for them in turn through the memory of experts and a real engine's process.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import trio

from battui.contracts.generation import EngineOptions, ModelFiles
from battui.image.models import sha256_of
from tests.conftest import CACHE
from tests.functional.memory_bench import MemoryBench, remembering, weight
from tests.peft_adapters import header_of, make_adapter

ROUNDS = 5


def main() -> None:
    """Measure and print milliseconds."""
    path = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else next(CACHE.glob("*/*.gguf"))
    with TemporaryDirectory() as folder:
        model = ModelFiles("model", sha256_of(path), {path.name: str(path)})
        for what, taken in trio.run(measure, model, Path(folder)).items():
            print(f"{what:<44}{taken:9.1f}")


async def measure(model: ModelFiles, folder: Path) -> dict[str, float]:
    """One engine with room for one of two adapters: milliseconds that each way takes, the median of the rounds."""
    header = header_of(model)
    model = replace(model, adapters=tuple(make_adapter(folder / name, header, seed=1) for name in "ab"))
    room = weight(model.adapters[0])
    options = EngineOptions(parallel=1, context=512, cache=str(folder / "cache"))
    times: dict[str, list[float]] = {}
    with suppress(trio.Cancelled):
        async with remembering(model, folder, engine="llama.cpp", room=room, options=options) as bench:
            await bench.hot()
            await swaps(bench, folder, times)
        async with remembering(
            replace(model, adapters=()), folder, engine="llama.cpp", options=options
        ) as bench:
            for _ in range(ROUNDS):
                await again(bench, times)
    floor = reading(Path(max(model.adapters[0].files.values(), key=lambda file: Path(file).stat().st_size)))
    ways = {f"floor: reading the file of {room / (1 << 20):.1f} MiB": floor, **times}
    return {what: median(taken) * 1000 for what, taken in ways.items()}


async def swaps(bench: MemoryBench, folder: Path, times: dict[str, list[float]]) -> None:
    """Each way in turn: one adapter cold, the same one hot, the other one warm."""

    async def timed(what: str, name: str) -> None:
        before = trio.current_time()
        await bench.memory.activate(name)
        times.setdefault(what, []).append(trio.current_time() - before)

    for _ in range(ROUNDS):
        for form in (folder / "cache" / "adapters").glob("*"):
            form.unlink()
        bench.memory.warm.clear()
        await timed("cold: judge, convert, start with it", "b")
        await timed("hot: it is there", "b")
        bench.memory.prefetch("a")
        while bench.memory.tier("a") == "cold":
            await bench.next_move()
        await timed("warm: start with it", "a")
    moves = [move for move in bench.moves if (move.source, move.target) == ("cold", "warm")]
    times["of these, cold to warm"] = [move.seconds for move in moves]


async def again(bench: MemoryBench, times: dict[str, list[float]]) -> None:
    """The engine's process started anew without any adapter: what a swap cannot do without."""
    await bench.hot()
    before = trio.current_time()
    bench.inference.use("llama.cpp", bench.inference.model)
    await bench.hot()
    times.setdefault("floor: the process again, without adapters", []).append(trio.current_time() - before)


def reading(file: Path) -> list[float]:
    """What reading the file's bytes takes, from the page cache."""

    def once(read: Callable[[], object]) -> float:
        before = time.perf_counter()
        read()
        return time.perf_counter() - before

    return [once(file.read_bytes) for _ in range(ROUNDS)]


if __name__ == "__main__":
    main()
