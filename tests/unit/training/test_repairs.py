"""Wrong candidates made of right ones, and the examples that show what a mission says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from training import repairs
from training.examples import Example, prompt_for
from training.execution import cells_to_run_in
from training.mutations import mutated

CHANGED = [
    ("a comparison", "return self.a < 3", {"return self.a <= 3", "return self.a > 3", "return self.a < 4"}),
    ("a filter", "return [x for x in self.a if x]", {"return [x for x in self.a]"}),
    ("an order", "return sorted(self.a, reverse=True)", {"return sorted(self.a, reverse=False)"}),
    ("an order that was not named", "return sorted(self.a)", {"return sorted(self.a, reverse=True)"}),
    ("an opposite", "return max(self.a)", {"return min(self.a)"}),
    ("an operator", "self.a += n\nself._p_changed = True", {"self.a -= n\nself._p_changed = True"}),
    ("a bound", "return self.a[0]", {"return self.a[1]"}),
    ("a slot", "return self.items", {"return self.item"}),
    ("an answer that is missing", "return self.a", {"return"}),
]
TASK: Mapping[str, Any] = {
    "id": "some-1",
    "tier": 1,
    "selector": "largest",
    "params": [],
    "intent": "return the largest of prices",
    "cases": [{"slots": {"prices": [3, 8, 5]}, "args": {}, "after": {"prices": [3, 8, 5]}, "result": 8}],
}


@pytest.mark.parametrize(("body", "wrong"), [row[1:] for row in CHANGED], ids=[row[0] for row in CHANGED])
def test_one_thing_is_changed(body: str, wrong: set[str]) -> None:
    assert wrong <= {mutated(body, Random(seed)) for seed in range(60)}


def test_where_nothing_can_be_changed_the_body_stays() -> None:
    assert mutated("pass", Random(1)) == "pass"


async def test_a_repair_tells_what_a_mission_says_and_asks_for_the_right_method(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repairs, "CHANCE", 1.0)
    right = Example("some", 1, prompt_for(TASK), "\n    return max(self.prices)", dict(TASK))

    async with cells_to_run_in() as runs:
        found = [await repairs.repair_of(right, runs, seed) for seed in range(12)]

    made = [example for example in found if example is not None]
    assert made
    assert {example.completion for example in made} == {right.completion}
    assert all("\n# wrong: guardian: accepted" in example.prompt for example in made)
    assert any("the expectation does not hold" in example.prompt for example in made)
    assert all(replace(example, prompt="", task={}) == replace(right, prompt="", task={}) for example in made)
