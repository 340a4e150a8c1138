"""Everything that needs a CUDA GPU, in one run: `python tests/gpu/run.py --from FOLDER --report REPORT.json`.

FOLDER has what a machine without a network lacks; each part is optional:

    model/                      the model's folder in fp16 safetensors, or instead of it
    *.gguf                      the bundled model, which is then converted (needs transformers and gguf)
    exllamav2_ext.so[.xz]       exllamav2's compiled extension for this Python, torch and GPU; without it, it is built

The report has one entry a step, with its figures or with what went wrong; a step that fails does not stop the others.
Without CUDA the report says so and the exit code is 3: then nothing has been tried.
"""

from __future__ import annotations

import argparse
import gc
import json
import lzma
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = "exllamav2_ext"
NO_CUDA = 3
CONTEXT = 2048
PARALLEL = 8
TOKENS = 128
SWAPS = 200
LEAK = 0.02
PROMPT = "Once upon a time there was a king who"
LONG = " ".join(f"The king number {n} went to the market and bought {3 * n} apples." for n in range(60))

sys.path.insert(0, str(ROOT))


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
        shapes = {}
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


def device() -> str:
    """What is missing for a run; empty where all is there."""
    try:
        import torch
    except ImportError as error:
        return f"torch cannot be imported: {error}"
    return "" if torch.cuda.is_available() else f"torch {torch.__version__} sees no CUDA device"


def bring_extension(source: Path, place: Path) -> str:
    """Put the compiled extension where Python finds it; where it came from."""
    for path in (source / f"{EXTENSION}.so", source / f"{EXTENSION}.so.xz"):
        if path.is_file():
            opener = lzma.open if path.suffix == ".xz" else open
            with opener(path, "rb") as packed, (place / f"{EXTENSION}.so").open("wb") as out:
                shutil.copyfileobj(packed, out)
            sys.path.insert(0, str(place))
            os.environ["PYTHONPATH"] = os.pathsep.join((str(place), os.environ.get("PYTHONPATH", "")))
            return path.name
    return "built here"


def bring_model(source: Path, place: Path) -> Path:
    """The model's folder, converted where only a GGUF file is there."""
    if (source / "model" / "config.json").is_file():
        return source / "model"
    gguf = next(source.glob("*.gguf"), None)
    if gguf is None:
        raise FileNotFoundError(f"{source} has neither model/ nor a .gguf file")
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    target = place / "model"
    options = {"gguf_file": gguf.name}
    AutoModelForCausalLM.from_pretrained(source, dtype=torch.float16, **options).save_pretrained(target)
    AutoTokenizer.from_pretrained(source, **options).save_pretrained(target)
    return target


def run(source: Path, place: Path, report: dict[str, Any]) -> bool:
    """Do all steps and the tests beside this file; whether all went well."""
    import torch

    report["gpu"] = {
        "name": torch.cuda.get_device_name(0),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
    }
    report["extension"] = bring_extension(source, place)
    model = bring_model(source, place)
    bench = Bench(model, place)
    for name, step in STEPS.items():
        say(f"{name} ...")
        try:
            report["steps"][name] = {"ok": True, **step(bench)}
        except Exception as error:
            report["steps"][name] = {"ok": False, "error": str(error), "trace": traceback.format_exc()}
        say(f"{name}: {'ok' if report['steps'][name]['ok'] else report['steps'][name]['error']}")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-m",
        "gpu",
        "-q",
        "-p",
        "no:cacheprovider",
        str(ROOT / "tests/gpu"),
    ]
    tests = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "BATTUI_GPU_MODEL": str(model)},
        capture_output=True,
        text=True,
        check=False,
    )
    report["tests"] = {"ok": tests.returncode == 0, "tail": tests.stdout[-4000:]}
    return all(step["ok"] for step in report["steps"].values()) and tests.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="source", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--report", type=Path, default=Path("gpu-report.json"))
    arguments = parser.parse_args()
    report: dict[str, Any] = {"python": platform.python_version(), "machine": platform.machine(), "steps": {}}
    missing = device()
    if missing:
        report["stopped"] = missing
        say(f"Nothing was tried: {missing}. This needs an NVIDIA GPU and the extra `cuda`.")
        code = NO_CUDA
    else:
        with tempfile.TemporaryDirectory(prefix="gpu-") as place:
            code = 0 if run(arguments.source, Path(place), report) else 1
    arguments.report.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
