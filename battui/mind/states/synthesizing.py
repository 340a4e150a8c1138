"""SYNTHESIZING: what was thought becomes a method, or an answer in words."""

from __future__ import annotations

from battui.image.objects import UvmObject
from battui.mind.lessons import asks_for_method
from battui.mind.states import answering, writing
from battui.mind.states.context import MindContext
from battui.mind.steps import Outcome, Step


def process(cycle: UvmObject, outcomes: tuple[Outcome, ...], context: MindContext) -> Step:
    """A message that nobody understands needs a method, and so does a lesson; questions and audits need words."""
    if asks_for_method(cycle):
        return writing.process(cycle, outcomes, context)
    return answering.process(cycle, outcomes, context)
