"""Repair examples: what was wrong with an earlier candidate stands in the prompt, and the right method follows.

The candidate is a right method made wrong by one change. It is run in a cell on the message, and what is said of it
is what a mission would say.
"""

from __future__ import annotations

import textwrap
from dataclasses import replace
from random import Random

from battui.cli.bench.expectations import expectation_of
from battui.contracts.activation import Activation, MethodText
from battui.contracts.cases import case_from
from battui.contracts.generation import Generated
from battui.guardian import review
from battui.kernel.activation.trials import candidate_of
from battui.mind.synthesis import method_source
from training.drawing import indented
from training.examples import Example, brief_for, prompt_for
from training.execution import Runs
from training.mutations import mutated

CHANCE = 0.07
"""How many examples are shown again as a repair."""
EXPECTED = 0.85
"""How often a repair has an expectation: without one, only what raised is ever tried again."""
HIGHEST_OID = 400
ATTEMPTS = 4


async def repair_of(example: Example, runs: Runs, seed: int) -> Example | None:
    """The example with a failure in its prompt, by chance; None where no wrong candidate was found."""
    random = Random(f"{seed} {example.task['id']} repair")
    case = example.task["cases"][0]
    if random.random() >= CHANCE or case.get("raises"):
        return None
    expectation = (
        expectation_of(case_from(case, "case 0", "an example"))[0] if random.random() < EXPECTED else ""
    )
    body = textwrap.dedent(example.completion.strip("\n"))
    for _ in range(ATTEMPTS):
        text = f"\n{indented(mutated(body, random))}"
        failure = await failure_of(example, text, expectation, runs, random)
        if failure:
            task = {**example.task, "id": f"{example.task['id']}-repair"}
            return replace(example, prompt=prompt_for(task, expectation, (failure,)), task=task)
    return None


async def failure_of(example: Example, text: str, expectation: str, runs: Runs, random: Random) -> str:
    """What a mission says of a candidate that a model wrote so; empty where it would have been taken."""
    brief = brief_for(example.task, expectation)
    verdict = review(method_source(brief, Generated(index=0, text=text, tokens=0, finish="stop")))
    if not verdict.accepted:
        return ""
    method = MethodText(verdict.source, verdict.parameters)
    activation = Activation(
        random.randint(10, HIGHEST_OID), brief.selector, brief.arguments, expectation=expectation or None
    )
    answer = await runs.answer(activation, method, brief.slots)
    candidate = candidate_of(0, verdict, [answer])
    wrong = candidate.met is False or not candidate.ran
    return candidate.verdict if wrong else ""
