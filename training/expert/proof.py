"""Proof of the conversion: greedy texts of transformers and PEFT against those of battui's own engine.

llama.cpp rounds what it multiplies with 4-bit weights to 8 bits, transformers computes in 32. Where two texts part,
the margin tells whether that is why: by how much, at the first token that differs, transformers preferred its own
choice to the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.expert.base import base_file, load_model, load_tokenizer
from training.expert.speaking import speaking

PROMPTS = 100
LONGEST = 160


@dataclass(frozen=True, slots=True)
class Parting:
    """Two texts that differ; `margin` is that between transformers' two best tokens there, in nats."""

    prompt: str
    theirs: str
    ours: str
    token: int
    margin: float


def prove(adapter: Path, prompts: Sequence[str]) -> dict[str, Any]:
    """Compare the texts after `prompts`; how many are equal, and what of those that are not."""
    base = base_file()
    with speaking(base, adapter) as speaker:
        ours = [speaker.goes_on(prompt, expert=True, longest=LONGEST) for prompt in prompts]
    partings = list(_partings(base, adapter, prompts, ours))
    return {
        "prompts": len(prompts),
        "equal": len(prompts) - len(partings),
        "largest_margin": max((parting.margin for parting in partings), default=0.0),
        "partings": [asdict(parting) for parting in partings],
    }


def prompts_of(path: Path, count: int = PROMPTS) -> list[str]:
    """Prompts of a file of examples, from all over it."""
    with path.open(encoding="utf-8") as file:
        found = list(dict.fromkeys(json.loads(line)["prompt"] for line in file))
    return found[:: max(1, len(found) // count)][:count]


def _partings(base: Path, adapter: Path, prompts: Sequence[str], ours: Sequence[str]) -> Iterator[Parting]:
    import peft
    import torch

    tokenizer = load_tokenizer(base)
    model = peft.PeftModel.from_pretrained(load_model(base), str(adapter)).merge_and_unload()
    for prompt, said in zip(prompts, ours, strict=True):
        ids = tokenizer(prompt, return_tensors="pt", add_special_tokens=False)
        with torch.no_grad():
            out = model.generate(
                **ids,
                do_sample=False,
                max_new_tokens=LONGEST,
                return_dict_in_generate=True,
                output_scores=True,
            )
        tokens = out.sequences[0][ids["input_ids"].shape[1] :].tolist()
        theirs = str(tokenizer.decode(tokens, skip_special_tokens=True))
        if theirs != said:
            place = _first_difference(tokenizer, tokens, said)
            best = torch.log_softmax(out.scores[place][0].float(), -1).topk(2).values
            yield Parting(prompt, theirs, said, place, round(float(best[0] - best[1]), 4))


def _first_difference(tokenizer: Any, tokens: Sequence[int], said: str) -> int:
    """The number of the first token after which the text is no beginning of `said`."""
    for count in range(1, len(tokens) + 1):
        if not said.startswith(tokenizer.decode(tokens[:count], skip_special_tokens=True)):
            return count - 1
    return len(tokens) - 1
