"""How deep a mission is thought through: straight to the expert, or with the whole council."""

from __future__ import annotations

from battui.contracts.values import Value
from battui.image.objects import UvmObject
from battui.mind.lessons import asks_for_method
from battui.mind.states.context import MindContext

STRAIGHT = "straight"


def straight_way(cycle: UvmObject, context: MindContext) -> dict[str, Value] | None:
    """The plan of a mission that asks nobody but the expert, with the reason; None where the council is to meet.

    An expert for methods is right at once more often than the council helps it, so that the council meets where
    the expert has failed, where there is none, and for facets, which are the model's own words.
    """
    expert = context.expert()
    if expert is None or not asks_for_method(cycle) or cycle.attempt > 0 or is_facet(cycle):
        return None
    reason = f"straight to the expert {expert.adapter}: the council meets if none of its candidates passes"
    return {"strategy": reason, "pillars": [], "sub_questions": {}, "look_up": [], "way": STRAIGHT}


def went_straight(cycle: UvmObject) -> bool:
    """Whether the council has not met yet."""
    return bool(cycle.plan.get("way") == STRAIGHT)


def is_facet(cycle: UvmObject) -> bool:
    """Whether the method is to be one that asks the model with a prompt of its own."""
    mandate = cycle.mission_brief
    return bool(mandate["selector"].endswith("_facet_") and mandate["intent"])
