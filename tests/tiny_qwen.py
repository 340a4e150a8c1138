"""A random Qwen2 of a few thousand numbers, with a chat template of its own: a model that knows nothing at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.gguf_file import Entry, write_gguf

CONTEXT, WIDTH, INNER, HEADS, LAYERS = 16384, 32, 64, 4, 2
START, END = "<|im_start|>", "<|im_end|>"
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NORMAL, CONTROL = 1, 3


def write(path: Path, *, seed: int = 5) -> Path:
    """The model as a GGUF file."""
    words = (*_bytes_as_letters(), END, START)
    entries: dict[str, Entry] = {
        "general.architecture": "qwen2",
        "general.name": "Tiny Qwen",
        "qwen2.context_length": CONTEXT,
        "qwen2.embedding_length": WIDTH,
        "qwen2.feed_forward_length": INNER,
        "qwen2.block_count": LAYERS,
        "qwen2.attention.head_count": HEADS,
        "qwen2.attention.head_count_kv": HEADS,
        "qwen2.attention.layer_norm_rms_epsilon": 1e-6,
        "qwen2.rope.freq_base": 10000.0,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.token_type": [NORMAL] * (len(words) - 2) + [CONTROL] * 2,
        "tokenizer.ggml.merges": ("\u0120 \u0120",),
        "tokenizer.ggml.eos_token_id": len(words) - 2,
        "tokenizer.chat_template": TEMPLATE,
    }
    return write_gguf(path, entries, _weights(len(words), seed))


def _bytes_as_letters() -> tuple[str, ...]:
    """The letter that stands for each byte in this tokenizer, and two spaces as one."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    letters = {byte: chr(byte) for byte in plain} | {byte: chr(256 + n) for n, byte in enumerate(others)}
    return (*(letters[byte] for byte in range(256)), "\u0120\u0120")


def _weights(words: int, seed: int) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(seed)

    def some(*shape: int) -> np.ndarray:
        return (0.3 * chance.standard_normal(shape)).astype(np.float32)

    ones = np.ones(WIDTH, dtype=np.float32)
    found = {
        "token_embd.weight": some(words, WIDTH),
        "output_norm.weight": ones,
        "output.weight": some(words, WIDTH),
    }
    for layer in range(LAYERS):
        at = f"blk.{layer}"
        for name in ("attn_q", "attn_k", "attn_v"):
            found |= {f"{at}.{name}.weight": some(WIDTH, WIDTH), f"{at}.{name}.bias": some(WIDTH)}
        found |= {f"{at}.{name}.weight": some(INNER, WIDTH) for name in ("ffn_up", "ffn_gate")}
        found |= {f"{at}.ffn_down.weight": some(WIDTH, INNER), f"{at}.attn_output.weight": some(WIDTH, WIDTH)}
        found |= {f"{at}.attn_norm.weight": ones, f"{at}.ffn_norm.weight": ones}
    return found
