"""Which requests every engine turns away, in the same words."""

from __future__ import annotations

import math

from battui.contracts.errors import Refused
from battui.contracts.generation import EngineDescription, GenerationRequest

MAX_CANDIDATES = 64


def admit(request: GenerationRequest, description: EngineDescription) -> None:
    """Raise Refused where the request contradicts itself or wants what the engine does not declare."""
    _require_sense(request)
    wanted = {
        "schema": request.schema is not None,
        "grammar": request.grammar is not None,
        "chat-template": bool(request.messages),
        "branches": request.branches,
    }
    for capability, used in wanted.items():
        if used and capability not in description.capabilities:
            raise Refused(f"the engine {description.name} has no {capability}")
    if request.adapter is not None and request.adapter.name not in description.adapters:
        raise Refused(
            "no such adapter is loaded",
            about=request.adapter.name,
            remedy=f"Loaded: {', '.join(description.adapters) or 'none'}.",
        )


def _require_sense(request: GenerationRequest) -> None:
    """Raise Refused for what no engine could do."""
    if (request.prompt is None) == (not request.messages):
        raise Refused("a request has either a prompt or messages")
    if request.schema is not None and request.grammar is not None:
        raise Refused("a request has a schema or a grammar, not both")
    if request.branches and (request.schema or request.grammar):
        raise Refused("a request for branches has no schema and no grammar")
    if not 0 <= request.least <= request.branches:
        raise Refused("the least probability is one of branches, from 0 to 1")
    if not 1 <= request.candidates <= MAX_CANDIDATES:
        raise Refused(f"a request has 1 to {MAX_CANDIDATES} candidates")
    if request.max_tokens < 1:
        raise Refused("a request allows at least one token")
    if request.adapter is not None and not math.isfinite(request.adapter.scale):
        raise Refused("an adapter's scale is a finite number", about=request.adapter.name)


def too_long(tokens: int, context: int) -> Refused:
    """The refusal of a prompt that leaves no room for a single new token."""
    return Refused(
        f"the prompt has {tokens} tokens and the engine's context {context}",
        remedy="Shorten it, or start battui with a larger context.",
    )
