"""FAILED: the senders are told why; the image stays as it was, but for this record."""

from __future__ import annotations

from battui.image.objects import UvmObject
from battui.mind.cycle import unanswered
from battui.mind.states.context import MindContext
from battui.mind.steps import Outcome, Step


def process(cycle: UvmObject, outcomes: tuple[Outcome, ...], context: MindContext) -> Step:
    """Settle every parked message with the reason and close."""
    parked = [dict(message) for message in cycle.parked]
    for number in unanswered(cycle):
        parked[number].update(answered=True, error=cycle.failure)
    return Step(remember={"parked": parked}, ended=True)
