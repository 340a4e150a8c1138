"""A random Llama of a few thousand weights, and examples of random tokens: training in the small."""

from __future__ import annotations

import random
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch", reason="training needs torch: pip install -e '.[train]'")
transformers: Any = pytest.importorskip(
    "transformers", reason="training needs transformers: pip install -e '.[train]'"
)

VOCABULARY = 300
RANK, ALPHA = 4, 8.0


def tiny_llama() -> Any:
    """A model with grouped queries, tied embeddings and norms that are not 1, its weights exact in 16 bits."""
    torch.manual_seed(7)
    config = transformers.LlamaConfig(
        hidden_size=96,
        intermediate_size=160,
        num_hidden_layers=2,
        num_attention_heads=6,
        num_key_value_heads=2,
        vocab_size=VOCABULARY,
        tie_word_embeddings=True,
    )
    model = transformers.LlamaForCausalLM(config)
    for name, parameter in model.named_parameters():
        if "norm" in name:
            parameter.data.uniform_(0.5, 1.5)
        else:
            parameter.data.normal_(0, 0.15).copy_(parameter.data.bfloat16().float())
    return model


def network(*, changed: bool = False) -> Any:
    """The network of `tiny_llama`; `changed`: with matrices that change something."""
    from training.expert.network import Network

    built = Network(tiny_llama(), RANK, ALPHA)
    built.initialise(3)
    if changed:
        torch.manual_seed(5)
        for group in built.groups():
            group.b.normal_(0, 0.1)
        built.refresh()
    return built


def random_examples(count: int, seed: int = 1, longest: int = 12) -> list[Any]:
    """Examples of random tokens, of tiers 1 to 3."""
    from training.expert.batches import Example

    chance = random.Random(seed)

    def tokens(most: int) -> tuple[int, ...]:
        return tuple(chance.randrange(VOCABULARY) for _ in range(chance.randint(1, most)))

    return [Example(tokens(longest), tokens(longest), 1 + number % 3) for number in range(count)]
