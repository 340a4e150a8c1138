"""Tasks that nothing near to may be trained on: those of task files, and the families of the other parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, permutations
from random import Random

from battui.cli.bench.tasks import Task, read_tasks
from battui.contracts.values import Value
from training.drawing import Member, Situation, draw_member, draw_situation
from training.execution import Job, Outcome, Runs
from training.families import Family
from training.similarity import Tokens, normal_tree, tokens

SITUATIONS = 6
MOST_ORDERS = 24
"""Ways in which the slots of two tasks are laid side by side."""


@dataclass(frozen=True, slots=True)
class Run:
    """A situation and what has to come of it. `outcome.after` holds what has to be there, `silent` what needs not."""

    situation: Situation
    outcome: Outcome
    answers: bool = True


@dataclass(frozen=True, slots=True)
class HeldBack:
    """One task to keep away from: how it is said, what its methods look like (if known), and what they have to do."""

    id: str
    tier: int
    intents: tuple[Tokens, ...]
    trees: frozenset[str]
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Trained:
    """A family that is to be trained on, seen through one of its members."""

    id: str
    tier: int
    member: Member
    intents: tuple[Tokens, ...]
    trees: frozenset[str]


def trained(family: Family) -> Trained:
    """A family as the leak check sees it; raises UsageError where nothing can be drawn from it."""
    member = draw_member(family, Random(family.id))
    return Trained(family.id, family.tier, member, _intents(member), _trees(member))


async def held_back_family(family: Family, runs: Runs) -> HeldBack:
    """A family that is not trained on; raises UsageError where nothing can be drawn from it."""
    random = Random(family.id)
    member = draw_member(family, random)
    situations = [draw_situation(member, random) for _ in range(SITUATIONS)]
    (outcomes,) = await runs.together([Job(tuple(member.parameters), member.bodies[0], situations)])
    told = tuple(Run(situation, outcome) for situation, outcome in zip(situations, outcomes, strict=True))
    return HeldBack(family.id, family.tier, _intents(member), _trees(member), told)


def held_back_tasks(file: str) -> Iterator[HeldBack]:
    """The tasks of a file; raises UsageError."""
    for task in read_tasks(file):
        tier = int(task.tier) if task.tier.isdecimal() else 0
        yield HeldBack(f"{file}: {task.id}", tier, (_said(task),), frozenset(), tuple(_runs(task)))


def orders(held: HeldBack, member: Member) -> Iterator[list[Situation]]:
    """The situations of a held back task with the names of `member`, in all ways that its slots can be taken."""
    first = held.runs[0].situation
    if len(first.arguments) != len(member.parameters) or len(first.slots) < len(member.slots):
        return
    for names in islice(permutations(first.slots, len(member.slots)), MOST_ORDERS):
        yield [_renamed(run.situation, names, member) for run in held.runs]


def same(held: HeldBack, situations: Sequence[Situation], outcomes: Sequence[Outcome]) -> bool:
    """Whether what came is what had to come, the names of slots apart."""
    return all(
        _is_as_asked(run, situation, outcome)
        for run, situation, outcome in zip(held.runs, situations, outcomes, strict=True)
    )


def _is_as_asked(run: Run, situation: Situation, came: Outcome) -> bool:
    asked = run.outcome
    if asked.raises or came.raises or came.trouble:
        return asked.raises == came.raises and not came.trouble
    changed = _changes(situation.slots, came.after or {})
    wanted = _changes(run.situation.slots, asked.after or {})
    return (not run.answers or came.result == asked.result) and changed == wanted


def _changes(before: Mapping[str, Value], after: Mapping[str, Value]) -> list[str]:
    """What has changed, without names."""
    return sorted(
        repr((before.get(name), value)) for name, value in after.items() if before.get(name) != value
    )


def _renamed(situation: Situation, names: Sequence[str], member: Member) -> Situation:
    slots = {slot: situation.slots[name] for slot, name in zip(member.slots, names, strict=True)}
    values = situation.arguments.values()
    return Situation(slots, dict(zip(member.parameters, values, strict=True)))


def _runs(task: Task) -> Iterator[Run]:
    for case in task.cases:
        outcome = Outcome(case.result, dict(case.after), case.raises)
        yield Run(Situation(dict(case.slots), dict(case.arguments)), outcome, case.answers)


def _said(task: Task) -> Tokens:
    return tokens(task.intent, {*task.parameters, *(name for case in task.cases for name in case.slots)})


def _intents(member: Member) -> tuple[Tokens, ...]:
    names = {*member.slots, *member.parameters, *(form for forms in member.words.values() for form in forms)}
    return tuple(tokens(intent, names) for intent in member.intents)


def _trees(member: Member) -> frozenset[str]:
    return frozenset(normal_tree(member.parameters, body) for body in member.bodies)
