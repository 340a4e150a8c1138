"""What a model is shown: briefs, worked examples, personas, plans; and how values are abridged for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from battui.contracts.generation import Sampling
from battui.contracts.values import Ref, Value

ABRIDGED_ITEMS = 3
ABRIDGED_TEXT = 40
ABRIDGED_TOTAL = 160


@dataclass(frozen=True, slots=True)
class MethodBrief:
    """A message that nobody understands yet, and what is known of its receiver.

    `arguments` are the parked message's, `slots` the data slots of the receiver's chain (own first), `understood`
    the selectors it answers. `advice` is what the facets said, `feedback` why earlier candidates failed. A
    `facet` method answers by asking the model with a specialised system prompt.
    """

    selector: str
    parameters: tuple[str, ...]
    arguments: Mapping[str, Value]
    intent: str
    expectation: str
    slots: Mapping[str, Value]
    understood: tuple[str, ...]
    advice: tuple[str, ...] = ()
    feedback: tuple[str, ...] = ()
    facet: bool = False


@dataclass(frozen=True, slots=True)
class WorkedExample:
    """A message and a method that answers it rightly. `core` examples stand in every prompt."""

    selector: str
    parameters: tuple[str, ...]
    slots: Mapping[str, Value]
    intent: str
    source: str
    arguments: Mapping[str, Value] = field(default_factory=dict)
    core: bool = False


@dataclass(frozen=True, slots=True)
class Pillar:
    """One inspiration of a persona: what it is for, and the system prompt that speaks for it."""

    name: str
    intent: str
    system_prompt: str


@dataclass(frozen=True, slots=True)
class Persona:
    """Who thinks: a system prompt, an adapter (or none), how tokens are chosen, and the pillars to consult."""

    name: str
    title: str
    system_prompt: str
    adapter: str | None
    sampling: Sampling
    pillars: Mapping[str, Pillar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a mission is to be thought through: which pillars are asked what, and what is looked up."""

    strategy: str
    pillars: tuple[str, ...] = ()
    sub_questions: Mapping[str, str] = field(default_factory=dict)
    look_up: tuple[str, ...] = ()


def abridge(value: Value) -> str:
    """Return `value` as a Python literal that is cut the same way everywhere a model or person reads it.

    A list or dictionary shows its first three entries, a text its first forty characters, `...` marks a cut.
    References read `@1f`. The whole is at most 160 characters long.
    """
    text = _abridged(value)
    return text if len(text) <= ABRIDGED_TOTAL else f"{text[: ABRIDGED_TOTAL - 3]}..."


def abridged_slots(slots: Mapping[str, Value], *, most: int = 12) -> str:
    """Return `a = 1, b = 'x'` for the first `most` slots."""
    return ", ".join(f"{name} = {abridge(value)}" for name, value in list(slots.items())[:most])


def _abridged(value: Value) -> str:
    if isinstance(value, Ref):
        return str(value)
    if isinstance(value, str):
        return repr(value if len(value) <= ABRIDGED_TEXT else f"{value[: ABRIDGED_TEXT - 3]}...")
    if isinstance(value, list):
        return f"[{', '.join(_first(len(value), map(_abridged, value)))}]"
    if isinstance(value, dict):
        entries = (f"{_abridged(key)}: {_abridged(item)}" for key, item in value.items())
        return f"{{{', '.join(_first(len(value), entries))}}}"
    return repr(value)


def _first(count: int, texts: Iterator[str]) -> Iterator[str]:
    for _, text in zip(range(ABRIDGED_ITEMS), texts, strict=False):
        yield text
    if count > ABRIDGED_ITEMS:
        yield "..."
