"""IDLE: a mission has been given; thinking begins."""

from __future__ import annotations

from battui.image.objects import UvmObject
from battui.mind.budget import budget_of
from battui.mind.states.context import MindContext
from battui.mind.steps import Outcome, Step


def process(cycle: UvmObject, outcomes: tuple[Outcome, ...], context: MindContext) -> Step:
    """Nothing to weigh here: a mission that exists is a mission to think about, within its budget."""
    return Step(remember={"budget": budget_of(context.settings)}, next_state="DECOMPOSING")
