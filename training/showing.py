"""Examples of a family as the model will see them."""

from __future__ import annotations

from random import Random

from battui.mind.briefs import MethodBrief
from battui.mind.method_form import shipped_form
from training.drawing import Member, Situation, draw_member, draw_situation, indented
from training.families import Family

EXAMPLES = 3


def shown(family: Family, *, seed: int = 0) -> str:
    """Three examples, each with its prompt and one of its bodies; raises UsageError."""
    random = Random(f"{seed} {family.id}")
    return "\n\n".join(_example(draw_member(family, random), random) for _ in range(EXAMPLES)) + "\n"


def prompt_of(member: Member, intent: str, situation: Situation, expectation: str = "") -> str:
    """The prompt for a message, in the form that missions use."""
    return shipped_form().prompt(
        MethodBrief(
            selector=member.selector,
            parameters=tuple(member.parameters),
            arguments=situation.arguments,
            intent=intent,
            expectation=expectation,
            slots=situation.slots,
            understood=(),
        )
    )


def _example(member: Member, random: Random) -> str:
    situation = draw_situation(member, random)
    prompt = prompt_of(member, random.choice(member.intents), situation)
    return f"{prompt}\n{indented(random.choice(member.bodies))}"
