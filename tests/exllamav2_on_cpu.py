"""exllamav2 without CUDA: its own generator, jobs, page table, cache, adapters and tokenizer, with another model.

What the library compiles for a GPU is replaced: the few functions that run on the CPU anyway by the same in Python,
and the model by one that reads a script.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import itertools
import json
import math
import sys
import types
import warnings
from pathlib import Path
from typing import Any

from battui.contracts.generation import ModelFiles
from battui.engines.scripted import WORD
from tests.peft_adapters import safetensors

STALE = " stale"  # what the model says where its cache was filled with another adapter
END = "<end>"
UNKNOWN = "<unk>"
WIDTH = 64
SCRIPT = "script.toml"


def write_model(folder: Path, script: str, words: str) -> ModelFiles:
    """A folder as a model's: configuration, tokenizer and weights, small and real, and the script that it follows."""
    unquoted = words.translate(str.maketrans('"[],', "    "))
    pieces = {space + word for word in f"{words} {unquoted}".split() for space in ("", " ")}
    vocabulary = [UNKNOWN, END, STALE, " t", " ", *sorted(pieces - {"", " t"})]
    contents = {
        "config.json": json.dumps(_config(len(vocabulary))),
        "tokenizer.json": json.dumps(_tokenizer(vocabulary)),
        "tokenizer_config.json": json.dumps({"chat_template": TEMPLATE}),
        SCRIPT: script,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "model.safetensors").write_bytes(safetensors({name: ((1,), [0.0]) for name in TENSORS}))
    return ModelFiles("small", "", {path.name: str(path) for path in sorted(folder.iterdir())})


TEMPLATE = (
    "{% for message in messages %}{{ message.role }} : {{ message.content }} \n{% endfor %}"
    "{% if add_generation_prompt %}assistant :{% endif %}"
)
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj")
TENSORS = (
    "model.embed_tokens.weight",
    "model.norm.weight",
    "lm_head.weight",
    "model.layers.0.input_layernorm.weight",
    "model.layers.0.post_attention_layernorm.weight",
    *(f"model.layers.0.self_attn.{name}.weight" for name in MODULES),
    *(f"model.layers.0.mlp.{name}.weight" for name in ("gate_proj", "up_proj", "down_proj")),
)


def _config(words: int) -> dict[str, object]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "vocab_size": words,
        "eos_token_id": 1,
        "bos_token_id": None,
        "num_hidden_layers": 1,
        "hidden_size": WIDTH,
        "num_attention_heads": 1,
        "num_key_value_heads": 1,
        "intermediate_size": WIDTH,
        "rms_norm_eps": 1e-5,
        "max_position_embeddings": 8192,
        "rope_parameters": {"rope_theta": 100000.0, "rope_type": "default"},
    }


def _tokenizer(vocabulary: list[str]) -> dict[str, object]:
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "added_tokens": [{"id": 1, "content": END, **special}],
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"Regex": WORD.pattern},
            "behavior": "Isolated",
            "invert": False,
        },
        "decoder": {"type": "Fuse"},
        "model": {
            "type": "WordLevel",
            "vocab": {word: number for number, word in enumerate(vocabulary)},
            "unk_token": UNKNOWN,
        },
    }


def install(*, paged: bool) -> None:
    """Put the stand-ins into the library's place, in this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.modules["exllamav2_ext"] = _extension()
        library: Any = importlib.import_module("exllamav2")
        importlib.import_module("exllamav2.generator")
        attention: Any = importlib.import_module("exllamav2.attn")
    attention.has_flash_attn_with_paged = paged
    library.ExLlamaV2 = importlib.import_module("tests.exllamav2_model").ScriptModel


def _extension() -> types.ModuleType:
    """The compiled functions that are reached without a GPU, in Python; any other fails when it is called."""
    extension = types.ModuleType("exllamav2_ext")
    extension.__spec__ = importlib.machinery.ModuleSpec("exllamav2_ext", None)
    functions = (count_match, partial_strings_match, sample_basic, cache_rotate, apply_rep_penalty)
    for function in functions:
        setattr(extension, function.__name__, function)
    return extension


def count_match(left: Any, right: Any, limit: int) -> int:
    """How many tokens two rows begin with alike."""
    pairs = zip(left[0, :limit].tolist(), right[0, :limit].tolist(), strict=False)
    return next(
        (place for place, (a, b) in enumerate(pairs) if a != b), min(limit, left.shape[-1], right.shape[-1])
    )


def partial_strings_match(text: Any, offsets: Any, strings: Any) -> int:
    """Where a string begins that is found whole; -2 where the text's end begins one, -1 where neither."""
    said = bytes(text).decode("utf-32-le")
    ends = memoryview(offsets).cast("B").cast("I")
    data = bytes(strings)
    for start, end in itertools.pairwise(ends):
        string = data[start:end].decode("utf-32-le")
        if string in said:
            return said.index(string)
        if any(said.endswith(string[:size]) for size in range(1, len(string))):
            return -2
    return -1


def sample_basic(logits: Any, temperature: float, top_k: int, top_p: float, *rest: Any) -> list[float]:
    """Choose by temperature, top-k and a number between 0 and 1; what else the library offers is not asked for."""
    chance, tokens, probabilities = rest[4], rest[5], rest[6]
    row = (logits[0, 0].double() / temperature).tolist()
    ranked = sorted(range(len(row)), key=row.__getitem__, reverse=True)[: top_k or len(row)]
    weights = [math.exp(row[token] - row[ranked[0]]) for token in ranked]
    left = chance * sum(weights)
    sums = itertools.accumulate(weights)
    place = next((place for place, reached in enumerate(sums) if reached >= left), 0)
    tokens[0, 0] = ranked[place]
    probabilities[0, 0] = weights[place] / sum(weights)
    return []


def cache_rotate(pages: Any, order: Any, _buffer: Any) -> None:
    """Move pages round: each place gets the page of the next one in `order`, the last that of the first."""
    places = order.tolist()
    pages[places] = pages[places[1:] + places[:1]].clone()


def apply_rep_penalty(*_arguments: Any) -> None:
    raise AssertionError("no test asks for a penalty")
