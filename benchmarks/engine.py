"""Tokens a second through battui beside the raw library, and what batches, warm prefixes and adapters make of them.

Run: python -m benchmarks.engine [MODEL.gguf] [--tokens N] [--rounds N]. All figures are taken in one run, each in
turns with what it is compared with; the median of the rounds counts. Without MODEL it is the one the tests fetched.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import trio

from battui.contracts.generation import AdapterUse, EngineOptions, GenerationRequest, ModelFiles
from battui.engines.gguf import read_header
from battui.engines.gguf_lora import converted
from battui.engines.private_socket import PrivateSocket
from battui.kernel.inference.inference import Inference
from benchmarks import experts
from tests.peft_adapters import make_adapter

SEQUENCES = (1, 4, 8)
CONTEXT = 1024
SLOTS = max(SEQUENCES)
PREFIX = " ".join(f"The ledger of day {day} has {3 * day} entries." for day in range(30))
NO_ADAPTER = -1
ADAPTERS = ("poet", "clerk", "smith", "baker")


class Raw:
    """The library with the same parameters, in this process, asked as its own documentation does."""

    def __init__(self, path: Path, loras: Sequence[Path]) -> None:
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        os.environ.setdefault("GOMP_SPINCOUNT", "500")
        import xllamacpp

        self._socket = PrivateSocket()
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(path)
        parameters.n_ctx, parameters.n_parallel, parameters.kv_unified = CONTEXT * SLOTS, SLOTS, True
        parameters.n_batch, parameters.cache_ram_mib = 128, 0
        cores = len(os.sched_getaffinity(0))
        parameters.cpuparams.n_threads = max(1, cores - 1)
        parameters.cpuparams_batch.n_threads = cores
        parameters.hostnames = [str(self._socket.path)]
        parameters.warmup = parameters.ui = parameters.fit_params = False
        parameters.verbosity = 1
        parameters.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(lora), 1.0) for lora in loras]
        parameters.lora_init_without_apply = True
        self._server = xllamacpp.Server(parameters)
        self._socket.post("/tokenize", {"content": "a"})

    def generate(self, prompts: Sequence[str], tokens: int) -> int:
        """Have all prompts gone on with at once; how many tokens came of it."""
        return self.mixed([(prompt, NO_ADAPTER) for prompt in prompts], tokens)

    def mixed(self, asked: Sequence[tuple[str, int]], tokens: int) -> int:
        """The same with an adapter's number for each prompt."""
        with ThreadPoolExecutor(len(asked)) as pool:
            counts = [pool.submit(self._one, prompt, adapter, tokens) for prompt, adapter in asked]
            return sum(count.result() for count in counts)

    def _one(self, prompt: str, adapter: int, tokens: int) -> int:
        lora = [{"id": number, "scale": float(number == adapter)} for number in range(len(ADAPTERS))]
        body = {"prompt": prompt, "n_predict": tokens, "temperature": 0.0, "stream": True, "lora": lora}
        counts: list[int] = []

        def heard(chunk: Any) -> bool:
            if usage := chunk.get("usage"):
                counts.append(int(usage["completion_tokens"]))
            return False

        self._server.handle_completions({**body, "cache_prompt": True}, heard)
        return counts[-1]

    def close(self) -> None:
        del self._server
        self._socket.remove()


async def timed(work: Awaitable[int]) -> tuple[float, float]:
    """Seconds that the work took, and seconds a token."""
    started = time.perf_counter()
    tokens = await work
    seconds = time.perf_counter() - started
    return seconds, seconds / tokens


def request(prompt: str, tokens: int, adapter: str = "") -> GenerationRequest:
    use = AdapterUse(adapter) if adapter else None
    return GenerationRequest("bench", prompt=prompt, max_tokens=tokens, adapter=use)


async def together(inference: Inference, requests: Sequence[GenerationRequest]) -> int:
    """Have all requests done at once; how many tokens came of it."""
    counts: list[int] = []

    async def one(each: GenerationRequest) -> None:
        counts.append((await inference.generate(each)).candidates[0].tokens)

    async with trio.open_nursery() as nursery:
        for each in requests:
            nursery.start_soon(one, each)
    return sum(counts)


async def one_by_one(inference: Inference, requests: Sequence[GenerationRequest]) -> int:
    """The same one after the other."""
    return sum([await together(inference, [each]) for each in requests])


def prompts(count: int, mark: str) -> list[str]:
    return [f"{mark} {number}: Once upon a time there was" for number in range(count)]


async def against_raw(inference: Inference, raw: Raw, tokens: int, rounds: int) -> dict[str, object]:
    """Tokens a second, one beside the other in turns; the ratio is the median of the rounds' ratios."""
    found: dict[str, object] = {}
    for count in SEQUENCES:
        ours: list[float] = []
        theirs: list[float] = []
        for number in range(rounds):
            asked = prompts(count, f"Round {number}")
            sides: list[tuple[list[float], Awaitable[int]]] = [
                (theirs, trio.to_thread.run_sync(raw.generate, asked, tokens)),
                (ours, together(inference, [request(each, tokens) for each in asked])),
            ]
            for into, work in sides if number % 2 else reversed(sides):
                into.append((await timed(work))[1])
        found[str(count)] = {"battui": speed(ours), "library": speed(theirs), "ratio": gain(theirs, ours)}
    return found


async def batched(inference: Inference, tokens: int, rounds: int) -> dict[str, float]:
    """Tokens a second of four texts at once, and of the same four one after the other."""
    once: list[float] = []
    in_turn: list[float] = []
    for number in range(rounds):
        asked = [request(prompt, tokens) for prompt in prompts(4, f"Batch {number}")]
        once.append((await timed(together(inference, asked)))[1])
        in_turn.append((await timed(one_by_one(inference, asked)))[1])
    return {"at once": speed(once), "in turn": speed(in_turn), "gain": gain(in_turn, once)}


async def first_token(inference: Inference, rounds: int) -> dict[str, float]:
    """Seconds to the first token of a long prompt: new, and when its beginning has been seen."""
    cold: list[float] = []
    warm: list[float] = []
    for number in range(rounds):
        prompt = f"Ledger {number}. {PREFIX}"
        for text, into in ((prompt, cold), (f"{prompt} And on day 30", warm)):
            into.append((await timed(together(inference, [request(text, 1)])))[0])
    return {"cold": statistics.median(cold), "warm": statistics.median(warm), "gain": gain(cold, warm)}


async def mixed(inference: Inference, raw: Raw, tokens: int, rounds: int) -> dict[str, object]:
    """Tokens a second of few texts and of many, with one adapter and with four, here and of the library by itself."""
    found: dict[str, object] = {}
    for texts in (SLOTS, 4 * SLOTS):
        times: dict[str, list[float]] = {}
        for number in range(rounds):
            for count in (1, len(ADAPTERS)):
                asked = list(zip(prompts(texts, f"Mixed {number}"), cycle(ADAPTERS[:count]), strict=False))
                ours = [request(prompt, tokens, adapter) for prompt, adapter in asked]
                theirs = [(prompt, ADAPTERS.index(adapter)) for prompt, adapter in asked]
                for side, work in {
                    "": together(inference, ours),
                    ", library": trio.to_thread.run_sync(raw.mixed, theirs, tokens),
                }.items():
                    times.setdefault(f"{count}{side}", []).append((await timed(work))[1])
        found[f"{texts} texts"] = {
            **{f"adapters: {name}": speed(each) for name, each in times.items()},
            "four to one": gain(times["1"], times["4"]),
            "four to one, library": gain(times["1, library"], times["4, library"]),
        }
    return found


async def prefix_in_turn(inference: Inference, rounds: int) -> dict[str, float]:
    """Seconds to the first token of a long prompt that three adapters are asked in turn: new, and seen by each."""
    cold: list[float] = []
    warm: list[float] = []
    for number in range(rounds):
        for into in (cold, warm):
            ask = [request(f"Shared {number}. {PREFIX}", 1, adapter) for adapter in ADAPTERS[:3]]
            into.append((await timed(one_by_one(inference, ask)))[0] / len(ask))
    return {"cold": statistics.median(cold), "warm": statistics.median(warm), "gain": gain(cold, warm)}


async def swap(inference: Inference, rounds: int) -> dict[str, float]:
    """Seconds for one token with another adapter than the time before, and with the same."""
    other: list[float] = []
    same: list[float] = []
    for number in range(rounds):
        ask = [request("Once upon a time", 1, ADAPTERS[number % 2])]
        for into in (other, same):
            into.append((await timed(together(inference, ask)))[0])
    return {"to another": statistics.median(other), "same": statistics.median(same)}


def speed(seconds_a_token: Sequence[float]) -> float:
    return 1 / statistics.median(seconds_a_token)


def gain(slow: Sequence[float], fast: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(slow, fast, strict=True))


@contextmanager
def adapters_for(path: Path, folder: Path) -> Iterator[tuple[ModelFiles, list[Path]]]:
    header = read_header(path)
    adapters = tuple(
        make_adapter(folder / name, header, seed=n, strength=0.02) for n, name in enumerate(ADAPTERS)
    )
    loras = [converted(adapter, header, folder / "forms") for adapter in adapters]
    yield ModelFiles(path.stem, "", {path.name: str(path)}, adapters), loras


async def measure(
    path: Path, folder: Path, tokens: int, rounds: int, tell: Callable[[str, object], None]
) -> None:
    with adapters_for(path, folder) as (model, loras):
        options = EngineOptions(parallel=SLOTS, context=CONTEXT, cache=str(folder))
        inference = Inference(
            "llama.cpp", model, options, log_path=folder / "engine.log", announce=lambda _status: None
        )
        raw = await trio.to_thread.run_sync(Raw, path, loras)
        async with trio.open_nursery() as nursery:
            await nursery.start(inference.run)
            await inference.generate(request("warm up", 2))
            await trio.to_thread.run_sync(raw.generate, ["warm up"], 2)
            tell("tokens/s", await against_raw(inference, raw, tokens, rounds))
            tell("batched", await batched(inference, tokens, rounds))
            tell("first token", await first_token(inference, rounds))
            tell("first token, adapters in turn", await prefix_in_turn(inference, rounds))
            tell("mixed adapters", await mixed(inference, raw, tokens, rounds))
            tell("one token of a hot adapter", await swap(inference, 2 * rounds))
            await trio.to_thread.run_sync(raw.close)
            nursery.cancel_scope.cancel()
    tell("adapter into use, ms", await experts.measure(model, folder))


def bundled() -> Path:
    from tests.conftest import CACHE

    return next(CACHE.glob("*/*.gguf"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.engine")
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()

    def tell(name: str, figures: object) -> None:
        print(json.dumps({name: _rounded(figures)}), flush=True)

    print(
        json.dumps({"load average before": os.getloadavg()[0], "cores": len(os.sched_getaffinity(0))}),
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.model or bundled()
        trio.run(measure, path, Path(folder), arguments.tokens, arguments.rounds, tell)
    print(json.dumps({"load average after": os.getloadavg()[0]}))


def _rounded(figures: Any) -> Any:
    if isinstance(figures, dict):
        return {name: _rounded(value) for name, value in figures.items()}
    return round(figures, 3)


if __name__ == "__main__":
    main()
