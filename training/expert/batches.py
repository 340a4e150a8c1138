"""Examples as tokens, and batches of like length in an order that a seed fixes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

POOL = 2048
"""Examples that are sorted by length together: more means less padding, fewer means more chance."""
STRIDE = 8
"""Widths are multiples of it: every form of a product that oneDNN has not met yet is compiled and kept."""


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt and its completion in tokens; the completion ends with the token that ends a text."""

    prompt: tuple[int, ...]
    completion: tuple[int, ...]
    tier: int = 0
    family: str = ""

    @property
    def length(self) -> int:
        """Tokens that the network reads: of the completion's last one it only has to say it."""
        return len(self.prompt) + len(self.completion) - 1


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of tokens, padded on the right, and what is to be said where.

    `positions` are places in the flattened rows, `targets` the tokens to come after them. Padding lies behind
    everything else, so that causal attention never sees it.
    """

    tokens: Tensor
    positions: Tensor
    targets: Tensor


def read_examples(path: Path, tokenizer: Any, *, longest: int, most: int | None = None) -> list[Example]:
    """The examples of a file of JSON lines; those of more than `longest` tokens are left out.

    Prompt and completion are taken apart into tokens each by itself, since in use the model meets the prompt alone.
    """
    with path.open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file][:most]
    prompts = _tokens(tokenizer, [line["prompt"] for line in lines])
    completions = _tokens(tokenizer, [line["completion"] for line in lines])
    end = int(tokenizer.eos_token_id)
    examples = [
        Example(tuple(prompt), (*completion, end), int(line.get("tier", 0)), str(line.get("family", "")))
        for line, prompt, completion in zip(lines, prompts, completions, strict=True)
    ]
    return [example for example in examples if example.length <= longest]


def batch_of(examples: Sequence[Example]) -> Batch:
    """The examples as one batch."""
    width = _width(max(example.length for example in examples))
    tokens = torch.zeros(len(examples), width, dtype=torch.long)
    positions: list[int] = []
    targets: list[int] = []
    for row, example in enumerate(examples):
        read = (*example.prompt, *example.completion[:-1])
        tokens[row, : len(read)] = torch.tensor(read)
        start = row * width + len(example.prompt) - 1
        positions += range(start, start + len(example.completion))
        targets += example.completion
    return Batch(tokens, torch.tensor(positions), torch.tensor(targets))


def cut(examples: Sequence[Example], budget: int) -> Iterator[list[Example]]:
    """Batches of neighbours that are no more than `budget` tokens with their padding; one example at least."""
    batch: list[Example] = []
    width = 0
    for example in examples:
        if batch and max(width, _width(example.length)) * (len(batch) + 1) > budget:
            yield batch
            batch, width = [], 0
        batch.append(example)
        width = max(width, _width(example.length))
    if batch:
        yield batch


def one_pass(examples: Sequence[Example], budget: int, seed: str) -> list[list[Example]]:
    """Every example once, in batches of like length, batches in an order drawn by `seed`."""
    chance = random.Random(seed)
    order = list(examples)
    chance.shuffle(order)
    bounds = [*range(0, len(order), POOL), len(order)]
    batches = [
        batch
        for start, end in pairwise(bounds)
        for batch in cut(sorted(order[start:end], key=lambda example: example.length), budget)
    ]
    chance.shuffle(batches)
    return batches


def _width(length: int) -> int:
    return -(-length // STRIDE) * STRIDE


def _tokens(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    return list(tokenizer(texts, add_special_tokens=False)["input_ids"]) if texts else []
