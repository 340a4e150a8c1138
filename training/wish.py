"""A wish and the method that grants it, as compositions pass it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from battui.contracts.values import Value
from training.drawing import Situation
from training.generators import generator


@dataclass(frozen=True, slots=True)
class Wish:
    """What is said and what has to be done. `slots` come besides those of the family, by generator.

    In `often` of the situations, `instead` (slots and arguments by generator) takes the place of what was drawn.
    """

    intent: str
    body: str
    tier: int
    slots: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)
    often: float = 0.0

    def situated(self, situation: Situation, random: Random) -> Situation:
        """The situation with what this wish adds to it or puts in its place."""
        slots: dict[str, Value] = dict(situation.slots)
        slots |= {name: generator(text)(random, slots) for name, text in self.slots.items()}
        if not self.instead or random.random() >= self.often:
            return Situation(slots, situation.arguments)
        drawn = {name: generator(text)(random, slots) for name, text in self.instead.items()}
        return Situation(
            {name: drawn.get(name, value) for name, value in slots.items()},
            {name: drawn.get(name, value) for name, value in situation.arguments.items()},
        )
