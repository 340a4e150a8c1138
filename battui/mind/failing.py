"""Why a mission for a method has failed, in words that name the cause and not only the symptoms."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from battui.image.objects import UvmObject
from battui.mind.expectations import clash_in

WROTE_NOTHING = "the model wrote nothing"


def hopeless(cycle: UvmObject) -> str:
    """Why no candidate can be what the message asks for, however many are written; empty where one may be."""
    if clash := clash_in(cycle):
        return f"the expectation contradicts itself: no method can meet {clash}"
    what, words = asked_for_forbidden(cycle.mission_brief["intent"])
    return f"it asks for {what} ({words!r}), which no method has" if what else ""


def asked_for_forbidden(intent: str) -> tuple[str, str]:
    """What no method may do and the intent plainly asks for, and in which words; both empty where it does not."""
    for what, pattern in _forbidden():
        if found := pattern.search(intent.lower()):
            return what, intent[found.start() : found.end()][:80]
    return "", ""


def failure_of(cycle: UvmObject, fates: Sequence[Mapping[str, Any]]) -> str:
    """What the senders are told: the cause where it is known, the number of candidates, and what the best lacks."""
    cause = hopeless(cycle)
    if not any(fate["source"].strip() for fate in fates):
        told = "the model wrote no method"
    else:
        nearest = best_fate(fates)
        lacking = in_words(nearest["verdict"]) if nearest is not None else ""
        told = f"none of the {len(fates)} candidates passed; the best: {lacking}"
        if len(fates) == 1:
            told = f"the one candidate did not pass: {lacking}"
    return f"{cause}; {told}" if cause else told


def in_words(verdict: str) -> str:
    """A verdict for a person: what a run came to is kept, and told the model, as JSON at its end."""
    said, found, effect = verdict.partition("; {")
    try:
        came = json.loads("{" + effect) if found else {}
        put = {name: value for _, slots, _ in came["changes"] for name, value in slots.items()}
        gone = [name for _, _, removed in came["changes"] for name in removed]
        result = came["result"]
    except (KeyError, TypeError, ValueError):
        return verdict
    parts = [f"it set {name} to {value!r}" for name, value in put.items()]
    parts += [f"it removed {name}" for name in gone]
    return f"{said}: {', '.join([*parts, f'it answered {result!r}'])}"


def best_fate(fates: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The candidate that came nearest: what a person wrote last, else what ran, else what the guardian accepted."""

    def rank(fate: Mapping[str, Any]) -> tuple[bool, bool, bool, bool, int]:
        edited = bool(fate.get("edited"))
        order = fate["index"] if edited else -fate["index"]
        survived = bool(fate.get("survived") or fate.get("chosen"))
        return (edited, survived, bool(fate.get("ran")), bool(fate["accepted"]), order)

    written = [fate for fate in fates if fate["source"].strip()]
    return max(written, key=rank, default=None)


@cache
def _forbidden() -> tuple[tuple[str, re.Pattern[str]], ...]:
    text = (files("battui.mind.prompts") / "forbidden.toml").read_text(encoding="utf-8")
    return tuple(
        (entry["what"], re.compile(pattern))
        for entry in tomllib.loads(text)["forbidden"]
        for pattern in entry["patterns"]
    )
