"""Models and adapters as lines of text."""

from __future__ import annotations

import json
from collections.abc import Iterator

from battui.contracts.models import AdapterList, AdapterView, ModelList, ModelView

_MIB = 1 << 20


def model_lines(models: ModelList) -> Iterator[str]:
    """A line for each model."""
    for model in models.models:
        where = "in the image, in use" if model.in_use else "in the image"
        licence = model.licence or "licence unknown"
        yield f"{model.name}  {where}  {model.bytes / _MIB:.0f} MiB  {licence}  {model.title}"


def model_details(model: ModelView) -> Iterator[str]:
    """Everything that is known of one model."""
    yield from model_lines(ModelList((model,)))
    yield f"  format    {model.format}, {model.family}, {model.context} tokens of context"
    yield f"  sha256    {model.sha256}"
    yield f"  adapters  {', '.join(model.adapters) or 'none'}"


def adapter_lines(adapters: AdapterList) -> Iterator[str]:
    """A line for each adapter, and how full the tiers are where a kernel has them."""
    for adapter in adapters.adapters:
        yield _adapter(adapter)
        for key, value in sorted(adapter.config.items()):
            yield f"  {key} = {json.dumps(value, ensure_ascii=False)}"
    if adapters.engine_budget and adapters.adapters:
        hot = f"{adapters.engine_bytes / _MIB:.1f} of {adapters.engine_budget / _MIB:.0f} MiB hot"
        yield f"{hot}, {adapters.warm_bytes / _MIB:.1f} of {adapters.warm_budget / _MIB:.0f} MiB warm"


def _adapter(adapter: AdapterView) -> str:
    parts = [adapter.name, adapter.tier, f"for {adapter.base}", f"rank {adapter.rank}"]
    parts.append(f"{adapter.bytes / _MIB:.1f} MiB")
    parts += ["pinned"] if adapter.pinned else []
    parts += [f"{adapter.uses} uses"] if adapter.uses else []
    return "  ".join([*parts, *([adapter.note] if adapter.note else [])])
