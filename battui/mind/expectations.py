"""What the senders of one message expect of it: each has its own, and a method has to meet them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from battui.contracts.errors import Refused
from battui.image.objects import UvmObject
from battui.mind.approval import proposed
from battui.mind.contradiction import contradiction_in
from battui.mind.lessons import cases_in


def expectation_of(cycle: UvmObject, number: int) -> str:
    """What this sender expects; in older images only the first one's was kept, with the mission."""
    own = cycle.parked[number].get("expectation")
    return str(own or (cycle.mission_brief["expectation"] if number == 0 else ""))


def expectations_in(cycle: UvmObject) -> dict[int, str]:
    """The expectations by the number of the message that each belongs to."""
    told = {number: expectation_of(cycle, number) for number in range(len(cycle.parked))}
    return {number: expectation for number, expectation in told.items() if expectation}


def leading(cycle: UvmObject) -> int:
    """The message that the model is shown: the first that says what it expects, else the first."""
    return min(expectations_in(cycle), default=0)


def is_judged(cycle: UvmObject) -> bool:
    """Whether anything tells a right method from a wrong one."""
    return bool(expectations_in(cycle) or cases_in(cycle))


def came_too_late(cycle: UvmObject, seen: int | None) -> bool:
    """Whether a sender with an expectation has joined since a trial that has seen so many; None: all of them."""
    return seen is not None and any(number >= seen for number in expectations_in(cycle))


def clash_in(cycle: UvmObject) -> str:
    """What no method can meet of what was expected; empty where it all may be met."""
    told = [(cycle.parked[number]["arguments"], text) for number, text in expectations_in(cycle).items()]
    return next((clash for arguments, _ in told if (clash := _clash(told, arguments))), "")


def require_room(cycle: UvmObject, arguments: Mapping[str, Any], expectation: str, about: str) -> None:
    """Raise Refused where a mission that is under way cannot take up one more expectation.

    A sender who joins must not spoil the mission for those who were there before.
    """
    if not expectation:
        return
    if proposed(cycle) is not None:
        raise Refused(
            "a method for this message waits for approval, and was not tried with this expectation",
            about=about,
            remedy=f"Decide about it first: battui missions show {cycle.mission}. Then send the message again.",
        )
    told = [(cycle.parked[number]["arguments"], text) for number, text in expectations_in(cycle).items()]
    # Those who were there before may contradict each other; that is not this sender's doing.
    if clash := _clash([*told, (arguments, expectation)], arguments):
        raise Refused(
            f"others wait for this message already, and no method can meet {clash}",
            about=about,
            remedy=f"See what they expect: battui missions show {cycle.mission}",
        )


def _clash(told: list[tuple[Mapping[str, Any], str]], arguments: Mapping[str, Any]) -> str:
    """What contradicts itself in the expectations of the messages with these arguments, taken together."""
    return contradiction_in(" and ".join(f"({text})" for text in _of_same(told, arguments)))


def _of_same(told: list[tuple[Mapping[str, Any], str]], arguments: Mapping[str, Any]) -> Iterator[str]:
    return (text for given, text in told if dict(given) == dict(arguments))
