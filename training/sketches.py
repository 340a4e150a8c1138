"""Examples before they are run: a wish, a method and situations, with whatever was composed around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from training.compositions import composed
from training.drawing import Member, Situation, draw_member, draw_situation
from training.execution import Job, Outcome
from training.facts import Facts
from training.families import Family
from training.pairs import can_come_first, chance, paired
from training.phrasing import distractors, mixed_in, phrased
from training.splits import part_of
from training.wish import Wish

EMPTY: Mapping[str, Sequence[Family]] = {}
SITUATIONS = 10
FIRST_BODY = 0.7
"""How often the first body is taken, the one that its author would write: a small model gains by one style."""
TELLING = 0.85
"""How often the situation that is shown is one that tells much."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """An example of a family that has not been run yet."""

    family: str
    number: int
    tier: int
    selector: str
    intent: str
    job: Job
    refuses: bool = False


def sketch(
    family: Family, number: int, facts: Facts, seed: int, offered: Mapping[str, Sequence[Family]] = EMPTY
) -> Sketch:
    """Draw an example: the same for the same arguments, wherever it is drawn. Raises UsageError.

    `offered` has, for each part of the data, families that can be paired with this one.
    """
    random = Random(f"{seed} {family.id} {number}")
    member = draw_member(family, random)
    pair = _pair(family, member, offered.get(part_of(family.id), ()), random)
    if pair is not None:
        member, wish = pair, Wish(pair.intents[0], pair.bodies[0], pair.tier)
    else:
        body = member.bodies[0] if random.random() < FIRST_BODY else random.choice(member.bodies)
        wish = composed(Wish(random.choice(member.intents), body, member.tier), member, facts, random)
    names = {*member.slots, *wish.slots, *member.parameters}
    others = distractors(f"{wish.intent} {wish.body} {' '.join(names)} {member.selector}", random)
    situations = []
    for _ in range(SITUATIONS):
        drawn = wish.situated(draw_situation(member, random), random)
        situations.append(Situation(mixed_in(drawn.slots, others, random), drawn.arguments))
    return Sketch(
        family=family.id,
        number=number,
        tier=wish.tier,
        selector=member.selector,
        intent=phrased(wish.intent, (*member.slots, *wish.slots), names, random),
        job=Job(tuple(member.parameters), wish.body, situations),
        refuses=family.refuses,
    )


def _pair(family: Family, member: Member, offered: Sequence[Family], random: Random) -> Member | None:
    if random.random() >= chance() or not can_come_first(family):
        return None
    return paired(member, offered, random)


def telling_order(sketch: Sketch, outcomes: Sequence[Outcome], random: Random) -> list[int]:
    """The numbers of distinct situations, the one first that is to be shown; empty where none can be.

    A message is only answered by a method that does not raise, so what is shown does not, but for refusals. Mostly
    something happens in it, and nothing in it is empty. Of the others, those where something happens come first.
    """
    situations = sketch.job.situations
    kinds: dict[str, list[int]] = {"raised": [], "idle": [], "lively": [], "slipped": []}
    for number, outcome in enumerate(outcomes):
        if situations[number] not in situations[:number]:
            kinds[_kind(outcome, situations[number], f"{sketch.intent} {sketch.job.body}")].append(number)
    raised, idle, lively = kinds["raised"], kinds["idle"], kinds["lively"]
    ended = lively + idle
    if not ended:
        return raised if sketch.refuses else []
    full = [number for number in lively if _is_full(situations[number])] or ended
    shown = full[0] if random.random() < TELLING else random.choice(ended)
    rest = [number for number in ended if number != shown]
    order = [shown, *rest[:1], *raised[:1], *idle[:1], *rest[1:], *raised[1:]]
    return list(dict.fromkeys(order))


def _kind(outcome: Outcome, situation: Situation, told: str) -> str:
    if outcome.raises:
        # An error that nobody spoke of is none that a method has to raise.
        return "raised" if outcome.raises in told else "slipped"
    return "idle" if outcome.result is None and outcome.after == situation.slots else "lively"


def _is_full(situation: Situation) -> bool:
    return all(value not in ([], {}, "", None) for value in situation.slots.values())
