"""A model for exllamav2's generator that reads a script. To be imported once `exllamav2_on_cpu` is installed.

It keeps what a real one keeps in the cache - here the token and the adapter that worked on it - and what it says
follows from what it finds there alone: from pages that another adapter has filled, it says that they are stale.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from exllamav2 import ExLlamaV2Tokenizer
from exllamav2.linear import ExLlamaV2Linear

from battui.contracts.generation import ModelFiles
from battui.engines.scripted import WORD, Rule, read_script
from tests.exllamav2_on_cpu import SCRIPT, STALE, WIDTH


class Projection(ExLlamaV2Linear):  # type: ignore[misc]
    """A place for an adapter's matrices."""

    def __init__(self, inputs: int, outputs: int) -> None:
        self.in_features, self.out_features = inputs, outputs
        self.lora_a_tensors: dict[Any, Any] = {}
        self.lora_b_tensors: dict[Any, Any] = {}

    def device(self) -> str:
        return "cpu"


class ScriptModel:
    """What the generator asks of a model."""

    def __init__(self, config: Any) -> None:
        self.config = config
        self.rules, _ = read_script(ModelFiles("script", "", {SCRIPT: str(script_of(config))}))
        self.cache_map = {0: "cpu"}
        shapes = {"q_proj": (16, 16), "k_proj": (16, 8)}
        self.modules_dict = {
            f"model.layers.0.self_attn.{name}": Projection(*shape) for name, shape in shapes.items()
        }
        self.tokenizer = ExLlamaV2Tokenizer(config)
        self.fault: Exception | None = None
        self.unloaded = False

    def load_autosplit(self, cache: Any, callback: Any) -> None:
        for done in range(3):
            callback(done, 3)
        cache.update_cache_tensors()

    def update_loras(self) -> None:
        pass

    def unload(self) -> None:
        self.unloaded = True

    def forward_chunk(
        self,
        input_ids: Any,
        attn_params: Any,
        cache: Any,
        loras: Any,
        preprocess_only: bool = False,
        **_: Any,
    ) -> dict[str, Any]:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        adapter = Path(loras[0].lora_path).parent.name.partition("-")[2] if loras else ""
        number = 1 + sum(map(ord, adapter)) % 97 if loras else 0
        rows = [
            self._row(cache, places(attn_params, row, input_ids.shape[1]), ids.tolist(), number)
            for row, ids in enumerate(input_ids)
        ]
        if preprocess_only:
            return {}
        width = ((self.config.vocab_size + 31) // 32) * 32
        logits = torch.full((len(rows), 1, width), -100.0)
        for row, (seen, fresh) in enumerate(rows):
            for token, logit in self._next(seen, adapter, fresh).items():
                logits[row, 0, token] = logit
        return {"logits": logits}

    def _row(self, cache: Any, where: list[int], ids: list[int], number: int) -> tuple[list[int], bool]:
        keys, values = cache.key_states[0].view(-1, WIDTH), cache.value_states[0].view(-1, WIDTH)
        new = torch.tensor(where[len(where) - len(ids) :])
        keys[new, 0] = torch.tensor(ids, dtype=keys.dtype)
        values[new, 0] = torch.tensor(float(number), dtype=values.dtype)
        found = torch.tensor(where)
        return keys[found, 0].long().tolist(), bool((values[found, 0] == number).all())

    def _next(self, seen: list[int], adapter: str, fresh: bool) -> dict[int, float]:
        pieces = self.tokenizer.get_id_to_piece_list()
        text = "".join(pieces[token] for token in seen)
        if not fresh:
            return {pieces.index(STALE): 10.0}
        if (began := _began(self.rules, text, adapter)) is None:
            return {1: 9.0}
        rule, said = began
        time.sleep(rule.delay / 100)
        tokens = [self._after(said, answer) for answer in reversed(rule.answers)]
        return {token: 9.0 + place / 4 for place, token in enumerate(tokens) if token is not None}

    def _after(self, said: str, answer: str) -> int | None:
        if not answer.startswith(said):
            return None
        words = WORD.findall(answer[len(said) :])
        return self.tokenizer.get_id_to_piece_list().index(words[0]) if words else 1


def script_of(config: Any) -> Path:
    """The script beside the model's own files: the engine links to those alone."""
    return (Path(config.model_dir) / "tokenizer.json").resolve().parent / SCRIPT


def places(attn_params: Any, row: int, new: int) -> list[int]:
    """Where in the cache a row's tokens are, from its first to its newest."""
    if not hasattr(attn_params, "block_index"):
        return list(range(attn_params.past_len + new))
    size, blocks = attn_params.page_size, attn_params.block_index[row].tolist()
    return [blocks[n // size] * size + n % size for n in range(int(attn_params.cache_seqlens[row]) + new)]


def _began(rules: tuple[Rule, ...], text: str, adapter: str) -> tuple[Rule, str] | None:
    """The rule for a text, and what has been said of an answer: the most of the text's end that begins one."""
    longest = max(len(answer) for rule in rules for answer in rule.answers)
    for start in range(max(0, len(text) - longest), len(text) + 1):
        rule = next((rule for rule in rules if rule.answers_to(text[:start], adapter)), None)
        if rule and any(answer.startswith(text[start:]) for answer in rule.answers):
            return rule, text[start:]
    return None
