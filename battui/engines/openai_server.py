"""What an OpenAI-compatible server is and can do, as it says itself.

The interface leaves out much of what battui asks: how long the context is, what a token is, which adapters there are.
llama-server, vLLM and TabbyAPI each tell it in a way of their own; of a server that does not, it is not claimed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from battui.contracts.errors import BattuiError, ModelUnavailable, Refused
from battui.contracts.generation import AdapterUse, Capability
from battui.engines.openai_address import Address
from battui.engines.openai_client import Client

PLAIN: frozenset[Capability] = frozenset({"stream", "batch", "chat-template"})
LLAMA_SERVER: frozenset[Capability] = frozenset({"grammar", "schema"})
CHARACTERS_A_TOKEN = 3.5  # of English and code, on the careful side

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Server:
    """One model of a server. `loras` are llama-server's adapters in its order, `models` those served as models."""

    model: str
    version: str
    context: int
    capabilities: frozenset[Capability]
    count: Count
    loras: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    @property
    def adapters(self) -> tuple[str, ...]:
        """The names that a request may choose."""
        return self.loras or self.models

    def chosen(self, use: AdapterUse | None) -> dict[str, object]:
        """The fields of a request that say who is to answer; raises Refused for a scale that the server has not."""
        if self.loras:
            scales = [use.scale if use and use.name == name else 0.0 for name in self.loras]
            # Always all of them: what is left out is applied as it was loaded. And nothing kept from before: the
            # server's store of prompts goes by their tokens alone, whichever adapter has worked on them.
            lora = [{"id": number, "scale": scale} for number, scale in enumerate(scales)]
            return {"model": self.model, "lora": lora, "cache_prompt": False}
        if use is None or use.scale == 0.0:
            return {"model": self.model}
        if use.scale != 1.0:
            raise Refused(
                "the server has this adapter at scale 1 only",
                about=use.name,
                remedy="Ask for scale 1, or for 0.",
            )
        return {"model": use.name}


def look_at(address: Address, client: Client, wanted: str) -> Server:
    """Ask the server what it is; `wanted` names the model, empty takes the first that it lists.

    Raises ModelUnavailable where it has no such model, EngineFailed where it cannot be asked.
    """
    entries = _entries(client.ask("GET", f"{address.base}/models"))
    entry = _entry(entries, wanted, address)
    name = str(entry["id"])
    properties = _optional(client, "GET", f"{address.root}/props")
    loras = _loras(_optional(client, "GET", f"{address.root}/lora-adapters")) if properties else ()
    models = () if loras else _served_beside(entries, entry)
    capabilities = PLAIN | (LLAMA_SERVER if properties else frozenset())
    if loras or models:
        capabilities |= {"adapters"}
    if _optional(client, "POST", f"{address.base}/embeddings", {"model": name, "input": "a"}):
        capabilities |= {"embed"}
    return Server(
        model=name,
        version=str(properties.get("build_info") or entry.get("owned_by") or "unknown"),
        context=_context(entry, properties),
        capabilities=capabilities,
        count=_counter(address, client, name),
        loras=loras,
        models=models,
    )


def _entries(answer: Any) -> list[Mapping[str, Any]]:
    listed = answer.get("data") if isinstance(answer, dict) else None
    return [entry for entry in listed or () if isinstance(entry, dict) and entry.get("id")]


def _entry(entries: list[Mapping[str, Any]], wanted: str, address: Address) -> Mapping[str, Any]:
    for entry in entries:
        if not wanted or wanted == entry["id"]:
            return entry
    names = ", ".join(str(entry["id"]) for entry in entries) or "none"
    remedy = f"It has: {names}. Set engine.model to one of them, or to nothing for the first."
    raise ModelUnavailable(
        "the server has no such model", about=f"{address.url} {wanted}".strip(), remedy=remedy
    )


def _served_beside(entries: list[Mapping[str, Any]], base: Mapping[str, Any]) -> tuple[str, ...]:
    """The other models: vLLM says which of them are adapters of this one; of a server that does not, all may be."""
    others = [entry for entry in entries if entry["id"] != base["id"]]
    says = any(entry.get("parent") for entry in others)
    return tuple(str(entry["id"]) for entry in others if not says or entry.get("parent") == base["id"])


def _loras(listed: Any) -> tuple[str, ...]:
    rows = sorted(listed or (), key=lambda row: int(row["id"])) if isinstance(listed, list) else []
    return tuple(PurePath(str(row["path"])).stem for row in rows)


def _context(entry: Mapping[str, Any], properties: Mapping[str, Any]) -> int:
    """Tokens for one job, 0 where the server does not say."""
    settings = properties.get("default_generation_settings") or {}
    meta = entry.get("meta") or entry.get("parameters") or {}
    meta = meta if isinstance(meta, dict) else {}
    places = (settings.get("n_ctx"), entry.get("max_model_len"), meta.get("n_ctx"), meta.get("max_seq_len"))
    return next((found for found in places if isinstance(found, int) and found > 0), 0)


def _counter(address: Address, client: Client, model: str) -> Count:
    """How tokens are counted: by the server where one of the known ways works, else by a rough rule."""
    ways: tuple[tuple[str, Callable[[str], Mapping[str, object]], Callable[[Any], int]], ...] = (
        (f"{address.root}/tokenize", lambda text: {"content": text}, lambda answer: len(answer["tokens"])),
        (
            f"{address.root}/tokenize",
            lambda text: {"model": model, "prompt": text, "add_special_tokens": False},
            lambda answer: int(answer["count"]),
        ),
        (f"{address.base}/token/encode", lambda text: {"text": text}, lambda answer: int(answer["length"])),
    )
    for path, body, read in ways:
        with suppress(KeyError, TypeError, ValueError):
            read(_optional(client, "POST", path, body("one")))
            return lambda text, path=path, body=body, read=read: (  # type: ignore[misc]
                read(client.ask("POST", path, body(text))) if text else 0
            )
    return lambda text: math.ceil(len(text) / CHARACTERS_A_TOKEN)


def _optional(client: Client, method: str, path: str, body: object = None) -> Any:
    """The answer to a question that a server may well not know; an empty one where it does not."""
    try:
        return client.ask(method, path, body, attempts=1)
    except BattuiError:
        return {}
