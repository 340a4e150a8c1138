"""What a mission may cost: tokens and seconds of thinking. One that has used them up fails, its candidates kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from battui.contracts.generation import GenerationRequest
from battui.contracts.settings import MissionSettings
from battui.contracts.values import Value
from battui.image.objects import UvmObject
from battui.mind.steps import AnswerSender, AwaitApproval, Effect, Generate, Step


def budget_of(settings: MissionSettings) -> dict[str, Value]:
    """The budget that a mission is given when it begins."""
    return {"tokens": settings.max_mission_tokens, "seconds": settings.seconds}


def charge(cycle: UvmObject, seconds: float) -> None:
    """Add seconds of thinking to what the mission has used."""
    if seconds > 0:
        cycle.seconds = round(seconds_used(cycle) + seconds, 3)


def seconds_used(cycle: UvmObject) -> float:
    """How long was thought about this mission; cycles of older images did not count."""
    return float(cycle._slots.get("seconds") or 0.0)


def seconds_left(cycle: UvmObject) -> float:
    """How long may still be thought about this mission."""
    most = _budget(cycle).get("seconds")
    return float("inf") if not isinstance(most, int | float) else most - seconds_used(cycle)


def within_budget(cycle: UvmObject, step: Step) -> Step:
    """The step as it may be taken: generations cut to the tokens that are left, or the end of the mission.

    To wait for a person, to install and to answer cost nothing.
    """
    work = [effect for effect in step.effects if not isinstance(effect, AwaitApproval | AnswerSender)]
    seconds, most = _budget(cycle).get("seconds"), _budget(cycle).get("tokens")
    if work and seconds_left(cycle) <= 0:
        return _ended(step, f"its budget of {seconds:g} s of thinking is used up (mission.seconds)")
    if not isinstance(most, int) or not any(isinstance(effect, Generate) for effect in work):
        return step
    used = step.remember.get("tokens", cycle.tokens)
    left = most - used if isinstance(used, int) else most
    if left <= 0:
        return _ended(step, f"its budget of {most} tokens is used up (mission.max_mission_tokens)")
    return replace(step, effects=tuple(_cut(effect, left) for effect in step.effects))


def _budget(cycle: UvmObject) -> Mapping[str, Value]:
    return cycle._slots.get("budget") or {}


def _ended(step: Step, reason: str) -> Step:
    return Step(remember={**step.remember, "failure": reason}, next_state="FAILED")


def _cut(effect: Effect, left: int) -> Effect:
    """Fewer candidates rather than shorter ones: half a method is none."""
    if not isinstance(effect, Generate):
        return effect
    kept: list[GenerationRequest] = []
    for request in effect.requests:
        count = min(request.candidates, left // request.max_tokens)
        if count == 0 and not kept and left > 0:
            kept.append(replace(request, candidates=1, max_tokens=left))
            break
        if count > 0:
            kept.append(replace(request, candidates=count))
            left -= count * request.max_tokens
    return replace(effect, requests=tuple(kept))
