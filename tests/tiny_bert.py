"""A random BERT of a few thousand numbers: the file that llama.cpp reads, and its vectors by plain arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.gguf_file import Entry, write_gguf

WORDS = ("king", "baker", "apple", "river", "moon", "went", "to", "the", "and", "bought")
CONTEXT, WIDTH, INNER, HEADS, LAYERS = 64, 32, 64, 4, 2
EPSILON = 1e-12
UNKNOWN, START, END = 1, 2, 3
VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"\u2581{word}" for word in WORDS))
Weights = Mapping[str, Any]


def weights(seed: int = 3) -> Weights:
    """Every matrix and bias by llama.cpp's name, as it is written: outputs by inputs."""
    chance = np.random.default_rng(seed)

    def some(*shape: int, around: float = 0.0) -> Any:
        return (around + 0.3 * chance.standard_normal(shape)).astype(np.float32)

    found = {
        "token_embd.weight": some(len(VOCABULARY), WIDTH),
        "token_types.weight": some(2, WIDTH),
        "position_embd.weight": some(CONTEXT, WIDTH),
    }
    norms = ["token_embd_norm"]
    for layer in range(LAYERS):
        at = f"blk.{layer}"
        shapes = {"ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER)}
        shapes |= dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output"), (WIDTH, WIDTH))
        for name, shape in shapes.items():
            found |= {f"{at}.{name}.weight": some(*shape), f"{at}.{name}.bias": some(shape[0])}
        norms += [f"{at}.attn_output_norm", f"{at}.layer_output_norm"]
    for norm in norms:
        found |= {f"{norm}.weight": some(WIDTH, around=1.0), f"{norm}.bias": some(WIDTH)}
    return found


def vector(model: Weights, text: str) -> Any:
    """The mean of the last layer over all tokens, at length 1: what BERT computes, in the order of its paper."""
    words = [VOCABULARY.index(f"\u2581{word}") if word in WORDS else UNKNOWN for word in text.split()]
    tokens = [START, *words[: CONTEXT - 2], END]
    state = model["token_embd.weight"][tokens] + model["token_types.weight"][0]
    state = _normed(model, "token_embd_norm", state + model["position_embd.weight"][: len(tokens)])
    for layer in range(LAYERS):
        at = f"blk.{layer}"
        state = _normed(model, f"{at}.attn_output_norm", state + _attention(model, at, state))
        inner = _linear(model, f"{at}.ffn_up", state)
        inner = 0.5 * inner * (1 + np.tanh(np.sqrt(2 / np.pi) * (inner + 0.044715 * inner**3)))
        state = _normed(model, f"{at}.layer_output_norm", state + _linear(model, f"{at}.ffn_down", inner))
    mean = state.mean(axis=0)
    return mean / np.linalg.norm(mean)


def _attention(model: Weights, at: str, state: Any) -> Any:
    def heads(name: str) -> Any:
        return _linear(model, f"{at}.{name}", state).reshape(len(state), HEADS, -1).transpose(1, 0, 2)

    query, key, value = heads("attn_q"), heads("attn_k"), heads("attn_v")
    scores = query @ key.transpose(0, 2, 1) / np.sqrt(WIDTH / HEADS)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = (shares / shares.sum(axis=-1, keepdims=True)) @ value
    return _linear(model, f"{at}.attn_output", mixed.transpose(1, 0, 2).reshape(len(state), WIDTH))


def _linear(model: Weights, name: str, state: Any) -> Any:
    return state @ model[f"{name}.weight"].T + model[f"{name}.bias"]


def _normed(model: Weights, name: str, state: Any) -> Any:
    centred = state - state.mean(axis=-1, keepdims=True)
    scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
    return centred / scale * model[f"{name}.weight"] + model[f"{name}.bias"]


def write(path: Path, model: Weights) -> Path:
    """The model as a GGUF file."""
    entries: dict[str, Entry] = {
        "general.architecture": "bert",
        "bert.context_length": CONTEXT,
        "bert.embedding_length": WIDTH,
        "bert.feed_forward_length": INNER,
        "bert.block_count": LAYERS,
        "bert.attention.head_count": HEADS,
        "bert.attention.layer_norm_epsilon": EPSILON,
        "bert.attention.causal": False,
        "bert.pooling_type": 1,
        "tokenizer.ggml.model": "bert",
        "tokenizer.ggml.token_type_count": 2,
        "tokenizer.ggml.tokens": VOCABULARY,
        "tokenizer.ggml.padding_token_id": 0,
        "tokenizer.ggml.unknown_token_id": UNKNOWN,
        "tokenizer.ggml.cls_token_id": START,
        "tokenizer.ggml.bos_token_id": START,
        "tokenizer.ggml.seperator_token_id": END,
        "tokenizer.ggml.eos_token_id": END,
        "tokenizer.ggml.mask_token_id": 4,
    }
    return write_gguf(path, entries, model)
