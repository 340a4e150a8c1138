"""What is wrong with a family: seen in its text, by the guardian, and in what its methods do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from battui.contracts.errors import UsageError
from battui.guardian import review
from battui.mind.briefs import abridge
from training.drawing import Member, Situation, draw_member, draw_situation, method_source
from training.execution import Job, Outcome, Runs
from training.families import Family
from training.text_faults import member_faults, text_faults

SITUATIONS = 4
"""Situations for each choice of words."""
ALONE = 2
"""Choices of words for which one situation is run in a cell of its own."""


REFUSAL = "NotImplementedError"
SLIPS = frozenset({"NameError", "UnboundLocalError", "AttributeError", "ModuleNotFoundError", "TypeError"})
"""What no method raises on purpose, unless it says so."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a family; `advice` where the family can be used all the same."""

    family: str
    words: str
    advice: bool = False


async def examine(family: Family, runs: Runs, *, draws: int, seed: int = 0) -> list[Fault]:
    """All that is wrong with a family, seen with `draws` choices of words."""
    random = Random(f"{seed} {family.id}")
    told = [Fault(family.id, words, advice) for words, advice in text_faults(family)]
    try:
        members = [draw_member(family, random) for _ in range(draws)]
        told += _of_members(members)
        if any(not fault.advice for fault in told):
            return told
        return [*told, *await _behaviour(family, members, runs, random)]
    except UsageError as error:
        return [*told, Fault(family.id, f"{error.what}. {error.remedy}")]


def _of_members(members: Sequence[Member]) -> list[Fault]:
    found = dict.fromkeys(
        Fault(member.family, words) for member in members for words in member_faults(member)
    )
    found |= dict.fromkeys(objection for member in members[:2] for objection in _objections(member))
    return list(found)


def _objections(member: Member) -> Iterator[Fault]:
    """What the guardian has against the bodies, unrepaired."""
    for number, body in enumerate(member.bodies, start=1):
        verdict = review(method_source(member.selector, member.parameters, body), repair=False)
        for finding in verdict.findings:
            words = f"body {number}: the guardian says: {finding}"
            yield Fault(member.family, words, advice=finding.severity == "style")


async def _behaviour(family: Family, members: Sequence[Member], runs: Runs, random: Random) -> list[Fault]:
    jobs = [_jobs(member, random) for member in members]
    came = iter(await runs.together([job for some in jobs for job in some]))
    seen: list[Outcome] = []
    for member, some in zip(members, jobs, strict=True):
        outcomes = [next(came) for _ in some]
        if fault := next(_quarrels(member, some[0].situations, outcomes), ""):
            return [Fault(family.id, fault)]
        seen += outcomes[0]
    if fault := await _unsignalled(jobs[:ALONE], runs):
        return [Fault(family.id, fault)]
    return list(_habits(family, seen, [situation for some in jobs for situation in some[0].situations]))


def _jobs(member: Member, random: Random) -> list[Job]:
    situations = [draw_situation(member, random) for _ in range(SITUATIONS)]
    return [Job(tuple(member.parameters), body, situations) for body in member.bodies]


async def _unsignalled(jobs: Sequence[Sequence[Job]], runs: Runs) -> str:
    for some in jobs:
        for number, job in enumerate(some, start=1):
            outcome = await runs.alone(job, job.situations[0])
            if outcome.trouble:
                return f"body {number}: {outcome.trouble}, with {_said(job.situations[0])}"
    return ""


def _quarrels(
    member: Member, drawn: Sequence[Situation], outcomes: Sequence[Sequence[Outcome]]
) -> Iterator[str]:
    for situation, *came in zip(drawn, *outcomes, strict=True):
        for number, outcome in enumerate(came, start=1):
            if outcome.trouble:
                yield f"body {number}: {outcome.trouble}, with {_said(situation)}"
            if outcome.raises in SLIPS and outcome.raises not in member.bodies[number - 1]:
                yield f"body {number} raises {outcome.raises} with {_said(situation)}"
            if not outcome.agrees(came[0]):
                yield (
                    f"bodies 1 and {number} disagree with {_said(situation)}: "
                    f"{_came(came[0], situation)}, but {_came(outcome, situation)}"
                )


def _habits(family: Family, outcomes: Sequence[Outcome], situations: Sequence[Situation]) -> Iterator[Fault]:
    ended = [outcome for outcome in outcomes if not outcome.raises]
    if family.refuses:
        if any(outcome.raises != REFUSAL for outcome in outcomes):
            yield Fault(family.id, f"it refuses, and its bodies do not always raise {REFUSAL}")
        return
    if not ended:
        kinds = ", ".join(sorted({outcome.raises for outcome in outcomes}))
        yield Fault(family.id, f"its bodies raise {kinds} in every situation drawn")
        return
    pairs = list(zip(outcomes, situations, strict=True))
    idle = [outcome for outcome, situation in pairs if not outcome.raises and _is_idle(outcome, situation)]
    if len(idle) == len(ended):
        yield Fault(family.id, "its bodies never answer or change anything")
    elif 2 * len(idle) > len(outcomes):
        yield Fault(family.id, "in most situations drawn, nothing is answered or changed", advice=True)
    if 2 * len(ended) < len(outcomes):
        yield Fault(family.id, "its bodies raise in most situations drawn", advice=True)
    changing = any(outcome.after != situation.slots for outcome, situation in pairs if not outcome.raises)
    results = {json.dumps(outcome.result) for outcome in ended}
    if len(results) == 1 and not changing and len(situations) > SITUATIONS:
        yield Fault(family.id, f"the answer is {results.pop()} in every situation drawn; draw others, too")


def _is_idle(outcome: Outcome, situation: Situation) -> bool:
    return outcome.result is None and outcome.after == situation.slots


def _said(situation: Situation) -> str:
    named = {**{f"self.{name}": value for name, value in situation.slots.items()}, **situation.arguments}
    return ", ".join(f"{name} = {value!r}" for name, value in named.items()) or "nothing"


def _came(outcome: Outcome, situation: Situation) -> str:
    if outcome.raises:
        return f"raises {outcome.raises}"
    changed = {
        name: value
        for name, value in (outcome.after or {}).items()
        if name not in situation.slots or situation.slots[name] != value
    }
    left = "".join(f" and leaves {name} = {abridge(value)}" for name, value in changed.items())
    return f"answers {outcome.result!r}{left}"
