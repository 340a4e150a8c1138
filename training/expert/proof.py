"""Proof of the conversion: greedy texts of transformers and PEFT against those of battui's own engine.

llama.cpp rounds what it multiplies with 4-bit weights to 8 bits, which tips one text in four. So both compute with
the base model's weights written out in 32 bits, and what is left to differ is the adapter. Where two texts part all
the same, the margin tells how near a tie it was: by how much transformers preferred its own token to the next best.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from training.expert.base import base_file, load_model, load_tokenizer
from training.expert.speaking import speaking
from training.expert.written_out import write_out

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
    with TemporaryDirectory(prefix="proof-") as folder:
        exact = Path(folder) / base.name
        write_out(base, exact)
        with speaking(exact, adapter) as speaker:
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
            place = parting(tokens, tokenizer(said, add_special_tokens=False)["input_ids"])
            best = torch.log_softmax(out.scores[place][0].float(), -1).topk(2).values
            yield Parting(prompt, theirs, said, place, round(float(best[0] - best[1]), 4))


def parting(theirs: Sequence[int], ours: Sequence[int]) -> int:
    """The number of the first token that differs; of a text that only goes on, the one after the shorter."""
    pairs = zip(theirs, ours, strict=False)
    same = next((place for place, (one, other) in enumerate(pairs) if one != other), len(ours))
    return min(same, len(theirs) - 1)
