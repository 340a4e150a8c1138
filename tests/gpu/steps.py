"""What is tried on a GPU, step by step: each takes the bench and returns its figures, or raises what went wrong."""

from __future__ import annotations

import gc
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

CONTEXT = 2048
PARALLEL = 8
TOKENS = 128
SWAPS = 200
LEAK = 0.02
PROMPT = "Once upon a time there was a king who"
LONG = " ".join(f"The king number {n} went to the market and bought {3 * n} apples." for n in range(60))


class Bench:
    """The model's folder, its adapters, and a place for what is made on the way."""

    def __init__(self, model: Path, place: Path) -> None:
        from battui.contracts.generation import ModelFiles
        from battui.engines.exllamav2_folder import files_in

        self.folder = model
        self.place = place
        files = {name: str(path) for name, path in files_in(model).items()}
        self.plain = ModelFiles(model.name, "", files)
        self.files = ModelFiles(
            model.name, "", files, tuple(self._adapter(name) for name in ("poet", "clerk"))
        )

    def engine(self, files: Any = None, **options: Any) -> Any:
        """A fresh engine with the model, to be unloaded by the caller."""
        from battui.contracts.generation import EngineOptions
        from battui.engines.exllamav2 import ExLlamaV2Engine

        engine = ExLlamaV2Engine()
        settings = {"parallel": PARALLEL, "context": CONTEXT} | options
        engine.load(files or self.files, EngineOptions(**settings), lambda _: None)
        return engine

    def _adapter(self, name: str) -> Any:
        from battui.engines.gguf import Header
        from tests.peft_adapters import make_adapter

        config = json.loads((self.folder / "config.json").read_text())
        width, heads = config["hidden_size"], config["num_attention_heads"]
        inner = config.get("head_dim", width // heads) * config.get("num_key_value_heads", heads)
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(config["num_hidden_layers"]):
            shapes |= {
                f"blk.{layer}.attn_q.weight": (width, width),
                f"blk.{layer}.attn_v.weight": (width, inner),
            }
        header = Header("llama", name, CONTEXT, len(shapes), shapes, heads, heads)
        targets = ("self_attn.q_proj", "self_attn.v_proj")
        seed, strength = sum(map(ord, name)), 0.1
        return make_adapter(self.place / name, header, seed=seed, strength=strength, targets=targets)


def asking(prompt: str, adapter: str = "", tokens: int = TOKENS, **fields: Any) -> Any:
    """A greedy request."""
    from battui.contracts.generation import AdapterUse, GenerationRequest

    use = AdapterUse(adapter) if adapter else None
    return GenerationRequest(fields.pop("id", "job"), prompt=prompt, max_tokens=tokens, adapter=use, **fields)


def said(engine: Any, request: Any) -> str:
    """The first candidate's text."""
    text: str = engine.generate(request, lambda *_: None).candidates[0].text
    return text


def load(bench: Bench) -> dict[str, object]:
    """Seconds to load, memory on the device, and whether every kind of cache works."""
    import torch

    found: dict[str, object] = {}
    for kv in ("fp16", "q8", "q6", "q4"):
        torch.cuda.reset_peak_memory_stats()
        started = time.perf_counter()
        engine = bench.engine(kv=kv)
        seconds = time.perf_counter() - started
        text = said(engine, asking(PROMPT, tokens=16))
        found[kv] = {"seconds": seconds, "peak_bytes": torch.cuda.max_memory_allocated(), "text": text}
        found["paged"] = engine._generator.paged
        engine.unload()
    return found


def generate(bench: Bench) -> dict[str, object]:
    """Greedy text twice, a stop string, a cancelled job, and a refusal after which it goes on."""
    engine = bench.engine()
    first, second = (said(engine, asking(PROMPT, tokens=32)) for _ in range(2))
    stopped = said(engine, asking(PROMPT, stop=(first[8:12],)))
    cancelled = (
        engine.generate(asking(PROMPT, tokens=1000), lambda job, *_: engine.cancel(job)).candidates[0].finish
    )
    engine.unload()
    require(first == second, "greedy text differs")
    require(first[8:12] not in stopped, "a stop string was said")
    require(cancelled == "cancelled", "a cancelled job ended otherwise")
    return {"text": first}


def swap(bench: Bench) -> dict[str, object]:
    """Base, A, B, A, base on one long prompt: what fresh engines say."""
    fresh = {}
    for adapter in ("", "poet", "clerk"):
        engine = bench.engine()
        fresh[adapter] = said(engine, asking(LONG, adapter, 16))
        engine.unload()
    engine = bench.engine()
    order = ("", "poet", "clerk", "poet", "", "clerk", "", "")
    texts = [said(engine, asking(LONG, adapter, 16)) for adapter in order]
    engine.unload()
    require(len(set(fresh.values())) == 3, "the adapters say the same")
    require(texts == [fresh[adapter] for adapter in order], "an adapter left something behind")
    return {"texts": fresh}


def leak(bench: Bench) -> dict[str, object]:
    """Memory on the device and in the process over random swaps, and after unloading."""
    import torch

    engine = bench.engine()
    chance = random.Random(5)
    sizes: list[tuple[int, int]] = []
    for number in range(SWAPS):
        said(engine, asking(f"{number} {LONG}", chance.choice(("", "poet", "clerk")), 4))
        if number >= SWAPS // 10:
            sizes.append((torch.cuda.memory_allocated(), resident()))
    engine.unload()
    gc.collect()
    device, process = (growth([size[place] for size in sizes]) for place in (0, 1))
    require(
        device <= LEAK and process <= LEAK, f"memory grew by {device:.1%} on the device, {process:.1%} here"
    )
    return {"device_growth": device, "process_growth": process, "left_bytes": torch.cuda.memory_allocated()}


def quantize(bench: Bench, bpw: float = 4.65) -> dict[str, object]:
    """The model as EXL2, by the same way as `battui model quantize`, and its first words."""
    from battui.contracts.generation import ModelFiles
    from battui.engines.exllamav2_folder import files_in
    from battui.engines.exllamav2_quantize import quantize as convert

    target, started = bench.place / "exl2", time.perf_counter()
    log = bench.place / "quantize.log"
    convert(bench.folder, target, bpw, lambda *_: None, work=bench.place / "work", log=log)
    seconds = time.perf_counter() - started
    engine = bench.engine(
        ModelFiles("exl2", "", {name: str(path) for name, path in files_in(target).items()})
    )
    text = said(engine, asking(PROMPT, tokens=32))
    engine.unload()
    size = sum(path.stat().st_size for path in target.glob("*.safetensors"))
    return {"bpw": bpw, "seconds": seconds, "bytes": size, "text": text}


def speed(bench: Bench, rounds: int = 5) -> dict[str, object]:
    """Tokens a second through the engine beside the raw library, in turns on one loaded model."""
    from battui.contracts.generation import Sampling

    engine = bench.engine()
    generator, ids = engine._generator, engine._encoded(PROMPT)
    from exllamav2.generator import ExLlamaV2DynamicJob, ExLlamaV2Sampler

    def raw(count: int) -> int:
        settings = ExLlamaV2Sampler.Settings(
            temperature=1.0, top_k=40, top_p=0.95, token_repetition_penalty=1.0
        )
        for number in range(count):
            generator.enqueue(
                ExLlamaV2DynamicJob(input_ids=ids, max_new_tokens=TOKENS, gen_settings=settings, seed=number)
            )
        tokens = 0
        while generator.num_remaining_jobs():
            tokens += sum(each["new_tokens"] for each in generator.iterate() if each["eos"])
        return tokens

    def ours(count: int) -> int:
        request = asking(PROMPT, candidates=count, sampling=Sampling(1.0, seed=0))
        return sum(each.tokens for each in engine.generate(request, lambda *_: None).candidates)

    found: dict[str, object] = {}
    for count in (1, 4, 8):
        times: dict[str, list[float]] = {"raw": [], "battui": []}
        for number in range(rounds + 1):
            for name, work in (("raw", raw), ("battui", ours)):
                started = time.perf_counter()
                tokens = work(count)
                if number:  # the first round warms up
                    times[name].append((time.perf_counter() - started) / tokens)
        ratios = [a / b for a, b in zip(times["raw"], times["battui"], strict=True)]
        speeds = {name: 1 / statistics.median(each) for name, each in times.items()}
        found[str(count)] = {**speeds, "ratio": statistics.median(ratios)}
    engine.unload()
    return found


STEPS: dict[str, Callable[[Bench], dict[str, object]]] = {
    "load": load,
    "generate": generate,
    "swap": swap,
    "leak": leak,
    "quantize": quantize,
    "speed": speed,
}


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


def resident() -> int:
    """Bytes of this process in RAM."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def growth(sizes: Sequence[int]) -> float:
    """How much larger the last tenth is than the first."""
    part = max(1, len(sizes) // 10)
    return statistics.median(sizes[-part:]) / statistics.median(sizes[:part]) - 1
