"""How deep a mission is thought through: straight to the writing, or with the whole council; and why."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from battui.contracts.values import Value
from battui.image.objects import UvmObject
from battui.mind.lessons import asks_for_method
from battui.mind.portrait import data_slots
from battui.mind.states.context import MindContext

STRAIGHT, COUNCIL = "straight", "council"
QUESTION = "question"


def straight_way(cycle: UvmObject, context: MindContext) -> dict[str, Value] | None:
    """The plan of a mission that asks no council, with the reason; None where the council is to meet.

    An expert for methods is right at once more often than the council helps it, and a message that only asks for
    a slot needs neither. A question is looked up in its own words. The council meets where those have failed, over
    everything else, and over facets and audits, which are the model's own words.
    """
    reason = _why_straight(cycle, context)
    if not reason:
        return None
    return {
        "strategy": f"straight {reason}",
        "pillars": [],
        "sub_questions": {},
        "look_up": [],
        "way": STRAIGHT,
        "reason": reason,
    }


def why_council(cycle: UvmObject, context: MindContext) -> str:
    """Why the council meets over this mission."""
    if context.settings.depth == COUNCIL:
        return "mission.depth says so"
    if cycle.kind == QUESTION:
        return "nothing was found in the question's own words"
    if not asks_for_method(cycle):
        return "the report is the model's own words"
    if is_facet(cycle):
        return "a facet is the model's own words"
    return "no candidate has passed yet" if cycle.attempt > 0 else "no expert writes methods here"


def went_straight(cycle: UvmObject) -> bool:
    """Whether the council has not met yet."""
    return bool(cycle.plan.get("way") == STRAIGHT)


def is_facet(cycle: UvmObject) -> bool:
    """Whether the method is to be one that asks the model with a prompt of its own."""
    mandate = cycle.mission_brief
    return bool(mandate["selector"].endswith("_facet_") and mandate["intent"])


def _why_straight(cycle: UvmObject, context: MindContext) -> str:
    if context.settings.depth == STRAIGHT:
        return "to the writing: mission.depth says so"
    if context.settings.depth == COUNCIL or cycle.attempt > 0:
        return ""
    if cycle.kind == QUESTION:
        return "to looking it up: the council meets if nothing is found"
    if not asks_for_method(cycle) or is_facet(cycle):
        return ""
    if (expert := context.expert()) is not None:
        return f"to the expert {expert.adapter}: the council meets if none of its candidates passes"
    if _only_asks_for_a_slot(cycle):
        return "to the writing: it only asks for a slot; the council meets if no candidate passes"
    return ""


def _only_asks_for_a_slot(cycle: UvmObject) -> bool:
    mandate = cycle.mission_brief
    words = re.findall(r"\w+", mandate["intent"].lower())
    slots = {name.lower() for name in data_slots(cycle.target)}
    rule = _rule()
    short = words[:1] != [] and words[0] in rule["asking"] and len(words) <= rule["most_words"]
    return not mandate["parameters"] and short and bool(slots & set(words))


@cache
def _rule() -> dict[str, Any]:
    return tomllib.loads((files("battui.mind.prompts") / "depth.toml").read_text(encoding="utf-8"))
