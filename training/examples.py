"""Examples as the trainer reads them: a prompt, what the model has to go on with, and the task it stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any

from battui.cli.bench.expectations import expectation_of
from battui.contracts.cases import Case, case_from
from battui.guardian import review
from battui.mind.briefs import MethodBrief
from battui.mind.method_form import MethodForm, shipped_form
from training.drawing import Situation, indented, method_source
from training.execution import Outcome
from training.sketches import Sketch, telling_order
from training.text_faults import answers

EXPECTED = 0.4
"""How often what the message comes to is its expectation."""
SHORT = 0.25
"""How often that is less than everything which a case tells."""
FEWEST_CASES = 4
MOST_CASES = 6


class Unfit(Exception):
    """The sketch makes no example; the reason in words that are the same for the same reason."""


@dataclass(frozen=True, slots=True)
class Example:
    """One line of the data. `task` is what `battui bench jit` reads."""

    family: str
    tier: int
    prompt: str
    completion: str
    task: dict[str, Any]

    def line(self) -> dict[str, Any]:
        """The example as plain data."""
        told = {"family": self.family, "tier": self.tier, "prompt": self.prompt}
        return {**told, "completion": self.completion, "task": self.task}


def finished(sketch: Sketch, outcomes: Sequence[Outcome], seed: int) -> Example:
    """The example that a sketch and its runs make; raises Unfit."""
    random = Random(f"{seed} {sketch.family} {sketch.number} finish")
    source = method_source(sketch.selector, sketch.job.parameters, sketch.job.body)
    if not review(source, repair=False).accepted:
        raise Unfit("the guardian refuses it")
    if any(outcome.trouble for outcome in outcomes):
        raise Unfit("it fails in the cell")
    order = telling_order(sketch, outcomes, random)
    if len(order) < FEWEST_CASES:
        raise Unfit("too few situations differ")
    cases = [
        _case(sketch.job.situations[number], outcomes[number], answering=answers(sketch.job.body))
        for number in order[:MOST_CASES]
    ]
    task = {
        "id": f"{sketch.family}-{sketch.number}",
        "tier": sketch.tier,
        "selector": sketch.selector,
        "params": list(sketch.job.parameters),
        "intent": sketch.intent,
        "cases": cases,
    }
    prompt = prompt_for(task, "" if sketch.refuses else _expectation(cases[0], random))
    return Example(sketch.family, sketch.tier, prompt, f"\n{indented(sketch.job.body)}", task)


def prompt_for(task: Mapping[str, Any], expectation: str = "", feedback: tuple[str, ...] = ()) -> str:
    """The prompt of a mission that the first case of a task is sent to, in the form that experts are asked in."""
    return _form().prompt(brief_for(task, expectation, feedback))


def brief_for(task: Mapping[str, Any], expectation: str, feedback: tuple[str, ...] = ()) -> MethodBrief:
    """What such a mission knows."""
    case = task["cases"][0]
    return MethodBrief(
        selector=task["selector"],
        parameters=tuple(task["params"]),
        arguments=case["args"],
        intent=task["intent"],
        expectation=expectation,
        slots=case["slots"],
        understood=(),
        feedback=feedback,
    )


def _case(situation: Situation, outcome: Outcome, *, answering: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"slots": situation.slots, "args": situation.arguments}
    if outcome.raises:
        return {**told, "after": situation.slots, "raises": outcome.raises}
    assert outcome.after is not None
    after = {**told, "after": dict(outcome.after)}
    return {**after, "result": outcome.result} if answering else after


def _expectation(entry: dict[str, Any], random: Random) -> str:
    if random.random() >= EXPECTED:
        return ""
    case = case_from(entry, "case 0", "an example")
    return expectation_of(_in_short(case) if random.random() < SHORT else case)[0]


def _in_short(case: Case) -> Case:
    """What a person would expect: the result, or where there is none, the slots that change."""
    changed = {name: value for name, value in case.after.items() if case.slots.get(name) != value}
    return replace(case, after={} if case.answers else changed)


@cache
def _form() -> MethodForm:
    return shipped_form()
