"""COMPLETE: the senders get their answers, then the cycle is closed."""

from __future__ import annotations

from battui.image.objects import UvmObject
from battui.mind.cycle import unanswered
from battui.mind.states.context import MindContext
from battui.mind.steps import AnswerSender, Outcome, Step


def process(cycle: UvmObject, outcomes: tuple[Outcome, ...], context: MindContext) -> Step:
    """Send each parked message again, in the order in which they came."""
    waiting = unanswered(cycle)
    if not waiting:
        return Step(ended=True)
    return Step(effects=(AnswerSender(waiting[0]),))
