"""What a mission has cost, and where its words come from, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from battui.contracts.replies import MissionView

SHORT = 12
"""Characters of a hash that a person is shown."""


def cost_and_provenance(view: MissionView) -> Iterator[str]:
    """What was used of which budget, then each request to the engine in one line."""
    if view.budget:
        tokens, seconds = view.budget.get("tokens"), view.budget.get("seconds")
        yield f"  used: {view.tokens} of {tokens} tokens, {view.seconds:.1f} of {_number(seconds)} s of thinking"
    generations: Any = view.provenance.get("generations") or []
    if not generations:
        return
    first = generations[0]
    yield f"  model: {_named(first['model'], first['model_sha256'])}"
    for told in generations:
        yield f"  asked {_asked(told)}"
    prompts: Any = view.provenance.get("prompts") or {}
    examples: Any = view.provenance.get("examples") or []
    if examples:
        yield f"  examples from the image: {'; '.join(examples)}"
    yield f"  prompts kept: {len(prompts)}; read them: battui missions show {view.id} --output json"


def _asked(told: Mapping[str, Any]) -> str:
    sampling = told["sampling"]
    who = f"adapter {_named(told['adapter'], told['adapter_sha256'])}" if told["adapter"] else "no adapter"
    count = told["candidates"]
    how = f"temperature {_number(sampling['temperature'])}, seed {sampling['seed']}"
    cost = f"{told['tokens']} tokens from {told['prompt_tokens']} in {told['seconds']:.1f} s"
    return f"{told['purpose']} {told['id']}: {who}; {count} candidate{'s' * (count != 1)}; {how}; {cost}"


def _named(name: str, digest: str) -> str:
    return f"{name} ({digest[:SHORT]})" if digest else name


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
