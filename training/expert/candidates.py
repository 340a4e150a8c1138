"""What an expert writes for a task, greedily and beside that, and which of it is right on all of the task's cases."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from battui.cli.personal.lessons import body_of
from battui.contracts.generation import AdapterUse, Engine, Generated, GenerationRequest, Sampling
from battui.guardian import review
from battui.mind.synthesis import STOP, method_source
from training.drawing import Situation
from training.examples import brief_for
from training.execution import Job, Outcome, Runs
from training.expert.speaking import EXPERT

LONGEST = 200
TEMPERATURE = 0.8
"""Of the candidates that are drawn where there are too few branches."""
COMMON = frozenset({-1, 0, 1, 2, 10, 100})
"""Numbers that stand in methods of any kind."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A distinct method that the guardian accepts; `text` is as the model wrote it, `body` as it would be kept."""

    text: str
    body: str
    right: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Smaller is shorter: nodes of its tree, then characters."""
        return sum(1 for _ in ast.walk(ast.parse(_function(self.body)))), len(self.body)


def write(engine: Engine, name: str, prompt: str, count: int) -> list[Generated]:
    """The greedy text and `count - 1` others, the likeliest beside it. Blocks."""
    asked = {"prompt": prompt, "max_tokens": LONGEST, "stop": STOP, "adapter": AdapterUse(EXPERT)}
    requests = [GenerationRequest(f"{name} first", **asked)]  # type: ignore[arg-type]
    if count > 1:
        drawn = Sampling(temperature=TEMPERATURE, seed=1)
        requests.append(
            GenerationRequest(f"{name} others", candidates=count - 1, branches=True, sampling=drawn, **asked)  # type: ignore[arg-type]
        )
    return [text for request in requests for text in engine.generate(request, _unheard).candidates]


async def judge(task: Mapping[str, Any], texts: Sequence[Generated], runs: Runs) -> list[Candidate | None]:
    """For each text what it is; None for one that the guardian refuses, and for one that was there before."""
    candidates = list(_reviewed(task, texts))
    situations = [Situation(case["slots"], case["args"]) for case in task["cases"]]
    jobs = [Job(tuple(task["params"]), each.body, situations) for each in candidates if each]
    came = iter(await runs.together(jobs) if jobs else [])
    return [each and Candidate(each.text, each.body, _passes(task, next(came))) for each in candidates]


def is_general(candidate: Candidate, task: Mapping[str, Any], reference: str) -> bool:
    """Whether no value of the case that the model was shown stands in the method, unless it was asked for."""
    case = task["cases"][0]
    shown = repr(list(case["slots"].values())) + repr(list(case["args"].values()))
    told = task["intent"] + reference
    return not any(
        repr(value) in shown and str(value) not in told and value not in COMMON
        for value in _literals(candidate.body)
    )


def _reviewed(task: Mapping[str, Any], texts: Sequence[Generated]) -> Iterator[Candidate | None]:
    brief = brief_for(task, "")
    met: set[str] = set()
    for text in texts:
        verdict = review(method_source(brief, text))
        if not verdict.accepted or verdict.tree_hash in met or verdict.parameters != brief.parameters:
            yield None
            continue
        met.add(verdict.tree_hash)
        yield Candidate(text.text, body_of(verdict.source))


def _passes(task: Mapping[str, Any], outcomes: Sequence[Outcome]) -> bool:
    return all(_is_asked(case, outcome) for case, outcome in zip(task["cases"], outcomes, strict=True))


def _is_asked(case: Mapping[str, Any], outcome: Outcome) -> bool:
    if case.get("raises") or outcome.raises or outcome.trouble:
        return not outcome.trouble and outcome.raises == (case.get("raises") or "")
    return outcome.after == case["after"] and ("result" not in case or outcome.result == case["result"])


def _literals(body: str) -> Iterator[object]:
    for node in ast.walk(ast.parse(_function(body))):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str) and node.value != "":
            yield node.value


def _function(body: str) -> str:
    return "def method(self):\n" + "\n".join(f"    {line}" for line in body.split("\n"))


def _unheard(_request: str, _index: int, _text: str) -> None:
    """Whole texts are enough."""
