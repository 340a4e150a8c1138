"""What a model is shown: briefs, worked examples, personas, plans; and how values are abridged for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from battui.contracts.generation import Sampling
from battui.contracts.values import Ref, Value


@dataclass(frozen=True, slots=True)
class Measure:
    """How much of a value is shown: entries of a list, of a dictionary, characters of a text, and of the whole."""

    items: int = 3
    keys: int = 8
    text: int = 40
    value: int = 160


PLAIN = Measure()


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

    @property
    def head(self) -> str:
        """The method's `def` line."""
        return f"def {self.selector}({', '.join(('self', *self.parameters))}):"

    @property
    def wish(self) -> str:
        """The sender's intent, or the selector's words where the sender gave none."""
        return self.intent.strip() or self.selector.replace("_", " ").strip()


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


def abridge(value: Value, measure: Measure = PLAIN) -> str:
    """Return `value` as a Python literal that is cut the same way everywhere a model or person reads it.

    `...` marks a cut, and references read `@1f`.
    """
    text = _abridged(value, measure)
    return text if len(text) <= measure.value else f"{text[: measure.value - 3]}..."


def abridged_slots(slots: Mapping[str, Value], *, most: int = 12) -> str:
    """Return `a = 1, b = 'x'` for the first `most` slots."""
    return ", ".join(f"{name} = {abridge(value)}" for name, value in list(slots.items())[:most])


def _abridged(value: Value, measure: Measure) -> str:
    if isinstance(value, Ref):
        return str(value)
    if isinstance(value, str):
        return repr(value if len(value) <= measure.text else f"{value[: measure.text - 3]}...")
    if isinstance(value, list):
        entries = (_abridged(item, measure) for item in value)
        return f"[{', '.join(_first(measure.items, len(value), entries))}]"
    if isinstance(value, dict):
        entries = (f"{_abridged(key, measure)}: {_abridged(item, measure)}" for key, item in value.items())
        return f"{{{', '.join(_first(measure.keys, len(value), entries))}}}"
    return repr(value)


def _first(most: int, count: int, texts: Iterator[str]) -> Iterator[str]:
    yield from islice(texts, most)
    if count > most:
        yield "..."
