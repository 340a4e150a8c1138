"""Examples of some families, drawn, run and finished in one process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import trio

from battui.contracts.errors import UsageError
from training.examples import Example, Unfit, finished
from training.execution import Runs, cells_to_run_in
from training.facts import Facts, facts_of
from training.families import Family
from training.faults import examine
from training.repairs import repair_of
from training.sketches import sketch
from training.splits import part_of

TOGETHER = 24
"""Examples that are run in one activation."""
DRAWS = 6
"""Choices of words for which a family's methods are compared before anything is drawn from it."""


@dataclass(slots=True)
class Made:
    """What came of some families: examples, families that were dropped and why, and reasons for dropped examples."""

    examples: list[Example] = field(default_factory=list)
    dropped: dict[str, str] = field(default_factory=dict)
    unfit: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made: `per_family` examples of each family, paired with families that are `offered` by part."""

    families: Sequence[Family]
    per_family: int
    seed: int
    offered: Mapping[str, Sequence[Family]] = field(default_factory=dict)
    intents: int | None = None
    """So many of each family's intents and no more: what paraphrase is worth is measured without it."""


def with_intents(family: Family, most: int | None) -> Family:
    """The family with its first intents alone."""
    return family if most is None else replace(family, intents=family.intents[:most])


def make(order: Order) -> Made:
    """Make what is ordered, less examples that are unfit or there already."""
    return trio.run(_make, order)


async def _make(order: Order) -> Made:
    async with cells_to_run_in() as runs:
        making = _Making(runs, order)
        for family in order.families:
            try:
                await making.add(family)
            except UsageError as error:
                making.made.dropped[family.id] = str(error)
    return making.made


class _Making:
    """Makes examples of one family after the other."""

    def __init__(self, runs: Runs, order: Order) -> None:
        self._runs = runs
        self._order = order
        self.made = Made()

    async def add(self, family: Family) -> None:
        """Add what can be made of a family, if it has no faults."""
        faults = [fault for fault in await examine(family, self._runs, draws=DRAWS) if not fault.advice]
        if faults:
            self.made.dropped[family.id] = faults[0].words
            return
        family = with_intents(family, self._order.intents)
        facts = await facts_of(family, self._runs)
        prompts: set[str] = set()
        for example in await self._examples(family, facts):
            if example.prompt in prompts:
                self.made.unfit["its prompt was drawn before"] += 1
            else:
                prompts.add(example.prompt)
                self.made.examples.append(example)
                await self._add_repair(example)

    async def _add_repair(self, example: Example) -> None:
        # What is measured is the first candidate; only what is trained on holds repairs.
        if part_of(example.family) == "train":
            repair = await repair_of(example, self._runs, self._order.seed)
            self.made.examples += [] if repair is None else [repair]

    async def _examples(self, family: Family, facts: Facts) -> list[Example]:
        examples = []
        seed, count = self._order.seed, self._order.per_family
        for start in range(0, count, TOGETHER):
            numbers = range(start, min(start + TOGETHER, count))
            drawn = [sketch(family, number, facts, seed, self._order.offered) for number in numbers]
            outcomes = await self._runs.together([one.job for one in drawn])
            for one, came in zip(drawn, outcomes, strict=True):
                try:
                    examples.append(finished(one, came, seed))
                except Unfit as reason:
                    self.made.unfit[str(reason)] += 1
        return examples
