"""What is known of a family once some of its members have been run: what they answer, and whether they change."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from battui.contracts.values import Value
from training.drawing import draw_member, draw_situation
from training.execution import Job, Runs
from training.families import Family
from training.text_faults import answers

MEMBERS = 3
SITUATIONS = 6


@dataclass(frozen=True, slots=True)
class Facts:
    """`kind` is what all members answer: number, text, flag, list, mapping; empty where it differs or is None."""

    answering: bool
    changing: bool
    raising: bool
    kind: str

    def meet(self, needs: str) -> bool:
        """Whether a method of this kind is one that an action is for."""
        if needs in ("any", "answering", "silent"):
            return {"any": True, "answering": self.answering, "silent": not self.answering}[needs]
        return self.kind == needs


async def facts_of(family: Family, runs: Runs) -> Facts:
    """Run some members of a family; raises UsageError where none can be drawn."""
    random = Random(f"facts {family.id}")
    jobs = []
    for _ in range(MEMBERS):
        member = draw_member(family, random)
        situations = [draw_situation(member, random) for _ in range(SITUATIONS)]
        jobs.append(Job(tuple(member.parameters), member.bodies[0], situations))
    outcomes = await runs.together(jobs)
    ended = [
        (outcome, situation)
        for job, came in zip(jobs, outcomes, strict=True)
        for outcome, situation in zip(came, job.situations, strict=True)
        if not outcome.raises
    ]
    kinds = {_kind(outcome.result) for outcome, _ in ended}
    return Facts(
        answering=any(answers(job.body) for job in jobs),
        changing=any(outcome.after != situation.slots for outcome, situation in ended),
        raising=any(outcome.raises for came in outcomes for outcome in came),
        kind=kinds.pop() if len(kinds) == 1 else "",
    )


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    named: dict[type, str] = {str: "text", list: "list", dict: "mapping"}
    return named.get(type(value), "")
