"""Where a mission's words come from: model, adapters, prompts, seeds, sampling, tokens and seconds of every request.

Prompts are kept once a mission, by their hash, and compressed where they are long. Missions of older images have
none of this.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from base64 import b85decode, b85encode
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from battui.contracts.generation import GenerationRequest, GenerationResult, ModelFiles
from battui.contracts.values import Value
from battui.image.objects import UvmObject
from battui.mind.steps import Generated, GenerationRecord, Outcome

LONGEST_PLAIN = 600
"""Characters; longer prompts are kept compressed."""


def record_of(
    purpose: str, request: GenerationRequest, result: GenerationResult, model: ModelFiles | None
) -> GenerationRecord:
    """What is kept of one request. A prompt of several turns is kept as the JSON of its messages."""
    turns = [[message.role, message.content] for message in request.messages]
    prompt = json.dumps(turns, ensure_ascii=False) if request.prompt is None else request.prompt
    facts: dict[str, Value] = {
        "id": request.id,
        "purpose": purpose,
        "model": model.name if model else "",
        "model_sha256": model.sha256 if model else "",
        **_adapter(request, model),
        "candidates": request.candidates,
        "first_greedy": request.first_greedy,
        "max_tokens": request.max_tokens,
        "sampling": asdict(request.sampling),
        "held_to": "schema" if request.schema else "grammar" if request.grammar else "",
        "tokens": sum(candidate.tokens for candidate in result.candidates),
        "prompt_tokens": result.prompt_tokens,
        "cached_tokens": result.cached_tokens,
        "seconds": round(result.seconds, 3),
    }
    return GenerationRecord(prompt, facts)


def remember_generations(cycle: UvmObject, outcomes: Iterable[Outcome]) -> None:
    """Keep what was asked of the engine for this mission."""
    records = [record for outcome in outcomes if isinstance(outcome, Generated) for record in outcome.records]
    if not records:
        return
    thoughts = cycle._slots.get("thoughts")
    if thoughts is None:
        thoughts = cycle.thoughts = UvmObject(prompts={}, generations=[])
    keys = [hashlib.sha256(record.prompt.encode()).hexdigest() for record in records]
    kept = {key: _packed(record.prompt) for key, record in zip(keys, records, strict=True)}
    thoughts.prompts = {**kept, **thoughts.prompts}
    told = [{**record.facts, "prompt": key} for key, record in zip(keys, records, strict=True)]
    thoughts.generations = [*thoughts.generations, *told]


def generations_of(cycle: UvmObject) -> list[dict[str, Any]]:
    """What was asked of the engine, in order; `prompt` is a key of `prompts_of`."""
    thoughts = cycle._slots.get("thoughts")
    return [] if thoughts is None else [dict(told) for told in thoughts.generations]


def prompts_of(cycle: UvmObject) -> dict[str, str]:
    """Every prompt of the mission by the SHA-256 of its text."""
    thoughts = cycle._slots.get("thoughts")
    return {} if thoughts is None else {key: _unpacked(kept) for key, kept in thoughts.prompts.items()}


def provenance_view(cycle: UvmObject) -> dict[str, Value]:
    """Everything that is kept of how the mission was thought through, for whoever asks."""
    return {
        "generations": list(generations_of(cycle)),
        "prompts": dict(prompts_of(cycle)),
        "examples": list(cycle._slots.get("examples") or ()),
    }


def method_origin(cycle: UvmObject, index: int) -> dict[str, Value]:
    """What a method keeps of where it came from."""
    origins = cycle._slots.get("origins") or []
    origin = dict(origins[index]) if 0 <= index < len(origins) else {}
    # A mission that was tried again has asked under the same names before.
    told = {each["id"]: each for each in generations_of(cycle)}
    asked = told.get(origin.get("request"), {})
    kept = ("model", "model_sha256", "adapter", "adapter_sha256", "sampling", "prompt")
    return {
        **{name: asked[name] for name in kept if name in asked},
        **origin,
        **_seed(asked, origin),
        "examples": list(cycle._slots.get("examples") or ()),
        "tokens": cycle.tokens,
        "seconds": cycle._slots.get("seconds") or 0.0,
    }


def origins_of(results: Iterable[GenerationResult]) -> list[dict[str, Value]]:
    """For each candidate of the results the request that it came from, and its number there."""
    return [
        {"request": result.id, "candidate": candidate.index}
        for result in results
        for candidate in result.candidates
    ]


def _seed(asked: Mapping[str, Any], origin: Mapping[str, Any]) -> dict[str, Value]:
    """The candidate's own seed; none where it was greedy or nothing is known of it."""
    if not asked or (asked["first_greedy"] and origin["candidate"] == 0):
        return {}
    return {"seed": asked["sampling"]["seed"] + origin["candidate"]}


def _adapter(request: GenerationRequest, model: ModelFiles | None) -> dict[str, Value]:
    if request.adapter is None:
        return {"adapter": "", "adapter_sha256": ""}
    hashes = {adapter.name: adapter.sha256 for adapter in (model.adapters if model else ())}
    name = request.adapter.name
    return {"adapter": name, "adapter_sha256": hashes.get(name, ""), "adapter_scale": request.adapter.scale}


def _packed(text: str) -> dict[str, str]:
    if len(text) <= LONGEST_PLAIN:
        return {"text": text}
    return {"zlib": b85encode(zlib.compress(text.encode())).decode()}


def _unpacked(kept: Mapping[str, str]) -> str:
    return kept["text"] if "text" in kept else zlib.decompress(b85decode(kept["zlib"])).decode()
