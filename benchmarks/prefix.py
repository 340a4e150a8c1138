"""Time to the first token of a method with and without what the engine has read before: what a warm prefix is worth.

Run: python -m benchmarks.prefix [MODEL.gguf] [--rounds N]. Everything goes through battui's engine process.
`examples` is the prompt with worked examples, for the model alone; `expert` that of battui's own adapter.
Warm is the prompt where another message to the same object was asked before (the opening and the first examples, or
the slots, are known), or where the same is asked again, as for further candidates. Seconds, and how many times longer
cold takes; `known` is the share of the warm prompt that was read before, `tokens` its length; medians. Without MODEL
it is the one the tests fetched.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import trio

from battui.contracts.generation import AdapterFiles, EngineOptions, GenerationRequest, ModelFiles
from battui.contracts.resources import folder
from battui.contracts.values import Value
from battui.kernel.inference.inference import Inference
from battui.mind.briefs import MethodBrief
from battui.mind.method_form import SHIPPED, MethodExpert, shipped_form
from battui.mind.synthesis import method_requests
from benchmarks.engine import bundled, gain

MESSAGES = (
    ("deposit_", "amount", "add amount to balance"),
    ("withdraw_", "amount", "take amount from balance, but raise ValueError if there is less"),
    ("limit_", "most", "set limit to most"),
)
SLOTS: dict[str, Value] = {
    "balance": 100,
    "limit": 500,
    "owner": "a bakery by the river",
    "entries": [12, 7, -3, 40, 8],
}


def brief(number: int, mark: int) -> MethodBrief:
    """One of the messages to an account that is told from others by its number."""
    selector, parameter, intent = MESSAGES[number]
    slots: dict[str, Value] = {"account_number": mark, **SLOTS}
    return MethodBrief(selector, (parameter,), {parameter: 7}, intent, "", slots, ("clone", "infer_"))


def asked(number: int, mark: int, expert: MethodExpert | None) -> GenerationRequest:
    """The request that a mission makes; with another mark, nothing of it was read before."""
    (request,) = method_requests(
        brief(number, mark),
        request_id=f"prefix{mark}",
        candidates=1,
        attempt=0,
        max_tokens=1,
        temperature=0.8,
        constrained=True,
        expert=expert,
        opening=f"# Book {mark} of methods of living objects. `self` holds the slots.\n"
        "# A method that changes a slot signals it: self._p_changed = True",
    )
    return replace(request, grammar=None)


async def compared(
    inference: Inference, pairs: Sequence[tuple[GenerationRequest, GenerationRequest]]
) -> dict[str, float]:
    """For each pair the seconds to the first token of a prompt, and then of one that begins as it does."""
    cold: list[float] = []
    warm: list[float] = []
    known: list[float] = []
    for first, second in pairs:
        cold.append((await inference.generate(first)).first_token_s)
        result = await inference.generate(second)
        warm.append(result.first_token_s)
        known.append(result.cached_tokens / result.prompt_tokens)
    seconds = {"cold": statistics.median(cold), "warm": statistics.median(warm), "gain": gain(cold, warm)}
    return {**seconds, "known": statistics.median(known), "tokens": result.prompt_tokens}


def shipped_adapter() -> AdapterFiles:
    place = folder("adapters") / SHIPPED
    names = ("adapter_config.json", "adapter_model.safetensors")
    return AdapterFiles(SHIPPED, "", {name: str(place / name) for name in names})


async def measure(path: Path, work: Path, rounds: int) -> None:
    expert = MethodExpert(SHIPPED, shipped_form())
    marks = [100_000 + 7919 * number for number in range(2 * rounds)]
    for adapters in ((), (shipped_adapter(),)):
        model = ModelFiles(path.stem, "", {path.name: str(path)}, adapters)
        options = EngineOptions(context=4096, cache=str(work))
        inference = Inference(
            "llama.cpp", model, options, log_path=work / "engine.log", announce=lambda _status: None
        )
        async with trio.open_nursery() as nursery:
            await nursery.start(inference.run)
            await inference.generate(GenerationRequest("warm up", prompt="warm up", max_tokens=2))
            if adapters:
                same = [(asked(0, mark, expert), asked(1, mark, expert)) for mark in marks[:rounds]]
                again = [(asked(0, mark, expert), asked(0, mark, expert)) for mark in marks[rounds:]]
                tell("expert, another message", await compared(inference, same))
                tell("expert, again", await compared(inference, again))
            else:
                others = [(asked(0, mark, None), asked(1, mark, None)) for mark in marks[:rounds]]
                again = [(asked(0, mark, None), asked(0, mark, None)) for mark in marks[rounds:]]
                tell("examples, another message", await compared(inference, others))
                tell("examples, again", await compared(inference, again))
            nursery.cancel_scope.cancel()


def tell(name: str, figures: dict[str, float]) -> None:
    rounded = {what: round(figure, 3) for what, figure in figures.items()}
    print(json.dumps({name: rounded, "load average": round(os.getloadavg()[0], 1)}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks.prefix",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(json.dumps({"cores": len(os.sched_getaffinity(0))}), flush=True)
    with tempfile.TemporaryDirectory() as work:
        trio.run(measure, arguments.model or bundled(), Path(work), arguments.rounds)


if __name__ == "__main__":
    main()
